// The editor of attribute mappings. The list is JSON in a field of the form, which Save posts; the server says what is wrong with a mapping and what it
// makes of people (internal/console/configattributes.go).
interface Mapping {
  kind: 'direct' | 'constant' | 'expression' | 'none'; source?: string; constant?: string; expression?: string; target: string;
  apply?: 'always' | 'onlyOnCreate'; default?: string; clearWhenEmpty?: boolean; matching?: number;
}
interface Names { attributes: string[]; functions: { name: string; signature: string; meaning: string }[]; targets: string[]; fixed: string[]; matchable: string[] }
interface Mistake { line: number; column: number; length: number; message: string; replace?: string }
interface Compared { text: string; error?: string; rows: { name: string; userName: string; before: string; after: string; problem?: string; changed: boolean }[] }

type Attributes = Record<string, string | boolean | ((event: Event) => void)>;

// make builds an element: texts become text nodes, so that nothing of a tenant is ever markup.
function make<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...inside: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (typeof value === 'boolean') { if (value) element.setAttribute(name, ''); } else element.setAttribute(name, value);
  }
  element.append(...inside);
  return element;
}

// breakable cuts a path where its parts end, for the line to break there.
function breakable(path: string): (Node | string)[] {
  return path.split(/(?=[.:[])/).flatMap((part, i) => (i ? [make('wbr'), part] : [part]));
}

class Editor {
  private readonly field: HTMLInputElement;
  private readonly form: HTMLFormElement;
  private readonly list: HTMLTableSectionElement;
  private readonly panel: HTMLElement;
  private readonly names: Names;
  private readonly words: Record<string, string>;
  private readonly locked: boolean;
  private readonly original: Mapping[];
  private mappings: Mapping[];
  private at = -1;
  private mistakes: Mistake[] = [];
  private user = '';
  private asked: AbortController | undefined;
  private timers: number[] = [];

  constructor(private readonly root: HTMLElement) {
    this.form = document.querySelector<HTMLFormElement>('#config')!;
    this.field = this.form.elements.namedItem('attributes') as HTMLInputElement;
    this.list = root.querySelector('tbody')!;
    this.panel = root.querySelector('.mappanel')!;
    this.names = JSON.parse(root.dataset.names ?? '{}') as Names;
    this.words = JSON.parse(root.dataset.words ?? '{}') as Record<string, string>;
    this.locked = root.dataset.locked !== undefined;
    this.mappings = JSON.parse(this.field.value) as Mapping[];
    this.original = JSON.parse(this.field.value) as Mapping[];
    this.draw();
    document.querySelector('[data-adds]')?.addEventListener('click', () => this.add());
    if (matchMedia('(min-width:761px)').matches) this.choose(0, false);
  }

  private word(key: string): string { return this.words[key] ?? key; }

  // changed stores the list in the form; the form tells who waits for it.
  private changed(): void {
    this.field.value = JSON.stringify(this.mappings);
    this.field.dispatchEvent(new Event('input', { bubbles: true }));
    this.field.form?.dispatchEvent(new Event('input', { bubbles: true }));
    this.draw();
    this.ask();
  }

  private draw(): void {
    this.list.replaceChildren(...this.mappings.map((m, i) => this.row(m, i)));
  }

  private row(m: Mapping, i: number): HTMLElement {
    const source = { direct: m.source ?? '', constant: `“${m.constant ?? ''}”`, expression: m.expression ?? '', none: this.word('none.row') }[m.kind];
    const was = this.original.find((o) => o.target === m.target);
    const pills: string[] = [];
    if (this.names.fixed.includes(m.target) && m.target === 'externalId') pills.push(this.word('locked'));
    if (m.matching) pills.push(`${this.word('matching')} ${m.matching}`);
    if (m.clearWhenEmpty) pills.push(this.word('clear'));
    if (m.apply === 'onlyOnCreate') pills.push(this.word('onCreate'));
    const marks = make('td', {}, ...pills.map((text) => make('span', { class: 'pill idle' }, text)));
    if (!was || JSON.stringify(was) !== JSON.stringify(m)) marks.append(make('span', { class: 'pill info' }, this.word('changed')));
    const arrow = document.querySelector('.maplist svg')?.cloneNode(true);
    const row = make('tr', i === this.at ? { 'aria-current': 'true' } : {},
      make('td', {}, make('button', { type: 'button', class: m.kind === 'expression' ? 'pick mono' : 'pick', 'data-pick': String(i) }, source || '…')),
      make('td', { class: 'soft' }, arrow ?? '→'), make('td', {}, make('code', {}, ...breakable(m.target || '…'))), marks);
    row.addEventListener('click', () => this.choose(i, true));
    return row;
  }

  private add(): void {
    this.mappings.push({ kind: 'direct', source: '', target: '', apply: 'always' });
    this.choose(this.mappings.length - 1, true);
    this.panel.querySelector<HTMLInputElement>('[name=target]')?.focus();
  }

  private choose(i: number, open: boolean): void {
    this.at = i;
    this.mistakes = [];
    this.draw();
    this.root.classList.toggle('open', open);
    this.show();
    this.ask();
  }

  private close(): void {
    this.root.classList.remove('open');
    this.list.querySelector<HTMLElement>(`[data-pick="${this.at}"]`)?.focus();
  }

  private get mapping(): Mapping { return this.mappings[this.at]!; }

  // show builds the panel of the chosen mapping.
  private show(): void {
    const m = this.mapping;
    const isNew = !this.original.some((o) => o.target === m.target) || m.target === '';
    const kinds = (['direct', 'constant', 'expression', 'none'] as const).map((kind) => {
      const button = make('button', { type: 'button', class: 'segment', 'aria-pressed': String(m.kind === kind), disabled: this.locked,
        click: () => { m.kind = kind; for (const other of ['source', 'constant', 'expression'] as const) if (other !== this.valueName()) delete m[other]; this.show(); this.changed(); } }, this.word(kind));
      return button;
    });
    const status = make('span', { class: 'status' });
    const parts: Node[] = [
      make('div', { class: 'row' }, make('h2', { class: 'grow' }, m.target || this.word('target')), status,
        make('button', { type: 'button', class: 'small-button closer', click: () => this.close() }, this.word('close'))),
    ];
    if (isNew) parts.push(this.input('target', this.word('target'), m.target, (value) => { m.target = value; this.changed(); }, this.names.targets));
    parts.push(make('div', { class: 'seg', role: 'group', 'aria-label': this.word('kind') }, ...kinds));
    if (m.kind === 'direct') parts.push(this.input('source', this.word('source'), m.source ?? '', (value) => { m.source = value; this.changed(); }, this.names.attributes));
    if (m.kind === 'constant') parts.push(this.input('constant', this.word('value'), m.constant ?? '', (value) => { m.constant = value; this.changed(); }));
    if (m.kind === 'expression') parts.push(this.expression(m));
    parts.push(make('div', { role: 'status' }, make('ul', { class: 'mistakes plain', hidden: true })));
    const warning = this.word(`warning.${m.target}`);
    if ((m.target === 'userName' || m.target === 'externalId') && !this.sameAsBefore(m)) parts.push(make('p', { class: 'small warned' }, warning));
    parts.push(this.options(m));
    parts.push(make('h3', {}, make('label', { for: 'tryuser' }, this.word('try'))), this.chooser(), make('div', { class: 'compared', 'aria-live': 'polite' }));
    if (!this.locked && !this.names.fixed.includes(m.target)) {
      parts.push(make('div', { class: 'actions' }, make('button', { type: 'button', class: 'link danger', click: () => this.remove() }, this.word('remove'))));
    } else if (!this.locked) parts.push(make('p', { class: 'small soft' }, this.word('fixed')));
    this.panel.replaceChildren(...parts);
  }

  private valueName(): 'source' | 'constant' | 'expression' | '' { return ({ direct: 'source', constant: 'constant', expression: 'expression', none: '' } as const)[this.mapping.kind]; }

  private sameAsBefore(m: Mapping): boolean {
    const was = this.original.find((o) => o.target === m.target);
    return was !== undefined && was.kind === m.kind && was.source === m.source && was.constant === m.constant && was.expression === m.expression;
  }

  private remove(): void {
    this.mappings.splice(this.at, 1);
    this.at = Math.min(this.at, this.mappings.length - 1);
    this.changed();
    this.choose(this.at, false);
  }

  private input(name: string, label: string, value: string, on: (value: string) => void, names?: string[]): HTMLElement {
    const input = make('input', { id: `map-${name}`, name, value, autocomplete: 'off', maxlength: '1024', disabled: this.locked, ...(names ? { list: `names-${name}` } : {}),
      input: (event) => on((event.target as HTMLInputElement).value.trim()) });
    const field = make('div', { class: 'field' }, make('label', { for: input.id }, label), input);
    if (names) field.append(make('datalist', { id: `names-${name}` }, ...names.map((n) => make('option', { value: n }))));
    return field;
  }

  private check(label: string, checked: boolean, on: (checked: boolean) => void): HTMLElement {
    return make('label', { class: 'check' }, make('input', { type: 'checkbox', checked, disabled: this.locked, change: (event) => on((event.target as HTMLInputElement).checked) }), make('span', {}, label));
  }

  private options(m: Mapping): HTMLElement {
    const apply = make('select', { id: 'map-apply', disabled: this.locked, change: (event) => { m.apply = (event.target as HTMLSelectElement).value as Mapping['apply']; this.changed(); } },
      make('option', { value: 'always', selected: m.apply !== 'onlyOnCreate' }, this.word('always')), make('option', { value: 'onlyOnCreate', selected: m.apply === 'onlyOnCreate' }, this.word('onCreate')));
    const box = make('div', { class: 'mapoptions' },
      make('div', { class: 'field' }, make('label', { for: 'map-apply' }, this.word('apply')), apply),
      this.input('default', this.word('default'), m.default ?? '', (value) => { if (value) m.default = value; else delete m.default; this.changed(); }),
      this.check(this.word('clear'), m.clearWhenEmpty ?? false, (on) => { if (on) m.clearWhenEmpty = true; else delete m.clearWhenEmpty; this.changed(); }));
    if (!this.names.matchable.includes(m.target)) return box;
    box.append(this.check(this.word('matching.text'), (m.matching ?? 0) > 0, (on) => {
      if (on) m.matching = 1 + Math.max(0, ...this.mappings.map((other) => other.matching ?? 0)); else delete m.matching;
      this.show(); this.changed();
    }));
    if (m.matching) {
      const order = make('input', { id: 'map-order', type: 'number', min: '1', max: '99', value: String(m.matching), disabled: this.locked, change: (event) => { m.matching = Math.max(1, Number((event.target as HTMLInputElement).value)); this.changed(); } });
      box.append(make('div', { class: 'field' }, make('label', { for: 'map-order' }, this.word('precedence')), order));
    }
    return box;
  }

  // expression is a text area over a copy of its text, in which what is wrong is underlined, with a list of names below the word at the caret.
  private expression(m: Mapping): HTMLElement {
    const under = make('div', { class: 'under mono', 'aria-hidden': 'true' });
    const options = make('ul', { class: 'completions', id: 'completions', role: 'listbox', 'aria-label': this.word('expression'), hidden: true });
    const area = make('textarea', { id: 'map-expression', class: 'mono', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', maxlength: '10000', rows: '4', 'aria-autocomplete': 'list', 'aria-controls': 'completions', disabled: this.locked });
    area.value = m.expression ?? '';
    let offers: string[] = [];
    let chosen = 0;
    const hide = () => { options.hidden = true; area.removeAttribute('aria-activedescendant'); };
    const word = () => {
      const before = area.value.slice(0, area.selectionStart);
      const start = before.search(/\[?[A-Za-z_][\w.]*$|\[$/);
      return start < 0 ? undefined : { start, text: before.slice(start), end: area.selectionStart };
    };
    const take = (name: string) => {
      const at = word();
      if (!at) return;
      const attribute = name.startsWith('[');
      const rest = area.value.slice(at.end);
      const inserted = attribute ? (rest.startsWith(']') ? name.slice(0, -1) : name) : name + (rest.startsWith('(') ? '' : '(');
      area.setRangeText(inserted, at.start, at.end, 'end');
      hide();
      store();
    };
    const offer = () => {
      const at = word();
      if (!at || at.text.length < 1) { hide(); return; }
      const bracket = at.text.startsWith('[');
      const key = at.text.replace('[', '').toLowerCase();
      const attributes = this.names.attributes.filter((n) => n.toLowerCase().startsWith(key)).map((n) => ({ text: `[${n}]`, hint: '' }));
      const functions = bracket ? [] : this.names.functions.filter((f) => f.name.toLowerCase().startsWith(key)).map((f) => ({ text: f.name, hint: f.signature }));
      const found = [...functions, ...attributes].slice(0, 8);
      offers = found.map((f) => f.text);
      chosen = 0;
      if (found.length === 0) { hide(); return; }
      options.replaceChildren(...found.map((f, i) => make('li', { role: 'option', id: `completion-${i}`, 'aria-selected': String(i === 0), mousedown: (event) => { event.preventDefault(); take(f.text); } },
        make('code', {}, f.text), f.hint ? make('span', { class: 'small soft' }, f.hint) : '')));
      options.hidden = false;
      area.setAttribute('aria-activedescendant', 'completion-0');
    };
    const store = () => { m.expression = area.value; this.underline(under, area); this.changed(); };
    area.addEventListener('input', () => { store(); offer(); });
    area.addEventListener('scroll', () => { under.scrollTop = area.scrollTop; });
    area.addEventListener('blur', hide);
    area.addEventListener('keydown', (event) => {
      if (options.hidden) return;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        chosen = (chosen + (event.key === 'ArrowDown' ? 1 : offers.length - 1)) % offers.length;
        options.querySelectorAll('li').forEach((li, i) => li.setAttribute('aria-selected', String(i === chosen)));
        area.setAttribute('aria-activedescendant', `completion-${chosen}`);
      } else if (event.key === 'Enter' || event.key === 'Tab') take(offers[chosen] ?? '');
      else if (event.key === 'Escape') hide();
      else return;
      event.preventDefault();
    });
    this.underline(under, area);
    return make('div', { class: 'field' }, make('label', { for: area.id }, this.word('expression')), make('div', { class: 'expression' }, under, area, options));
  }

  private underline(under: HTMLElement, area: HTMLTextAreaElement): void {
    const parts: (Node | string)[] = [];
    area.value.split('\n').forEach((line, i) => {
      const letters = [...line];
      let done = 0;
      for (const m of this.mistakes.filter((one) => one.line === i + 1 && one.length > 0)) {
        const start = Math.min(m.column - 1, Math.max(0, letters.length - 1));
        if (start < done) continue;
        parts.push(letters.slice(done, start).join(''), make('span', { class: 'err' }, letters.slice(start, start + m.length).join('') || ' '));
        done = start + m.length;
      }
      parts.push(letters.slice(done).join('') + '\n');
    });
    under.replaceChildren(...parts);
    under.scrollTop = area.scrollTop;
  }

  // chooser finds a user of the tenant to try the mapping on.
  private chooser(): HTMLElement {
    const input = make('input', { id: 'tryuser', type: 'search', placeholder: this.word('try.hint'), autocomplete: 'off', maxlength: '256', value: this.user, list: 'tryusers' });
    const people = make('datalist', { id: 'tryusers' });
    let timer = 0;
    input.addEventListener('input', () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        this.user = input.value.trim();
        void this.post<{ userName: string; name: string }[]>('find', { search: this.user, for: 'names' }).then((found) => {
          if (!found) return;
          people.replaceChildren(...found.map((u) => make('option', { value: u.userName }, u.name)));
          if (this.user === '' || found.some((u) => u.userName === this.user)) this.ask();
          else if (found[0]) { this.user = found[0].userName; this.ask(); }
        }).catch(() => undefined);
      }, 250);
    });
    const icon = document.querySelector('.maplist')?.ownerDocument.querySelector('.search svg')?.cloneNode(true);
    return make('div', { class: 'trier' }, ...(icon ? [icon] : []), input, people);
  }

  // post asks the server; undefined if it refuses, does not answer, or was not to answer any more, also half way through its answer.
  private async post<T>(what: string, extra: Record<string, string>, signal?: AbortSignal): Promise<T | undefined> {
    const body = new URLSearchParams({ attributes: JSON.stringify(this.mappings), ...extra });
    const path = what === 'find' ? `${this.root.dataset.path}/people` : `${this.root.dataset.path}/${what}`;
    try {
      const answer = await fetch(path, { method: 'POST', body, signal: signal ?? null, headers: { 'HX-Request': 'true' } });
      if (answer.status === 401) location.reload();
      return answer.ok ? await answer.json() as T : undefined;
    } catch { return undefined; }
  }

  // ask says soon what is wrong, and a little later what the mapping makes of people.
  private ask(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    const at = this.at;
    const alive = () => !asked.signal.aborted && at === this.at;
    this.timers = [
      window.setTimeout(() => void this.post<{ mistakes: Mistake[] }>('check', { index: String(at) }, asked.signal).then((checked) => {
        if (!checked || !alive()) return;
        this.mistakes = checked.mistakes;
        this.tell();
        if (this.mistakes.length > 0) { this.compared(undefined); return; }
        this.timers.push(window.setTimeout(() => void this.post<Compared>('compare', { target: this.mapping.target, user: this.user }, asked.signal).then((compared) => {
          if (compared && alive()) this.compared(compared);
        }), 350));
      }), 150),
    ];
  }

  private tell(): void {
    const status = this.panel.querySelector('.status');
    const n = this.mistakes.length;
    status?.replaceChildren(...(n === 0 ? [] : [make('span', { class: 'pill bad' }, n === 1 ? this.word('problem') : this.word('problems').replace('{count}', String(n)))]));
    const told = this.panel.querySelector<HTMLElement>('.mistakes');
    if (told) told.hidden = n === 0;
    told?.replaceChildren(...this.mistakes.map((m) => {
      const line = make('li', {}, m.message);
      if (m.replace && !this.locked) line.append(' ', make('button', { type: 'button', class: 'link', click: () => this.replace(m) }, `${this.word('replace')} ${m.replace}`));
      return line;
    }));
    const area = this.panel.querySelector<HTMLTextAreaElement>('#map-expression');
    const under = this.panel.querySelector<HTMLElement>('.under');
    if (area && under) this.underline(under, area);
  }

  private replace(m: Mistake): void {
    const mapping = this.mapping;
    if (mapping.kind === 'expression' && m.line > 0) {
      const lines = (mapping.expression ?? '').split('\n');
      const letters = [...(lines[m.line - 1] ?? '')];
      letters.splice(m.column - 1, m.length, ...(m.replace ?? ''));
      lines[m.line - 1] = letters.join('');
      mapping.expression = lines.join('\n');
    } else if (mapping.kind === 'direct') mapping.source = m.replace ?? '';
    this.mistakes = [];
    this.show();
    this.changed();
  }

  private compared(c: Compared | undefined): void {
    const box = this.panel.querySelector('.compared');
    if (!box) return;
    if (!c) { box.replaceChildren(); return; }
    if (c.error) { box.replaceChildren(make('p', { class: 'small soft' }, c.error)); return; }
    const value = (text: string) => text || `(${this.word('empty')})`;
    const rows = c.rows.map((r) => make('tr', {}, make('td', {}, r.name, make('span', { class: 'small soft' }, r.userName)), make('td', {}, value(r.before)),
      make('td', r.changed ? { class: 'ischanged' } : {}, r.problem ? make('span', { class: 'danger' }, r.problem) : value(r.after))));
    const head = make('tr', {}, ...['user', 'before', 'after'].map((key) => make('th', { scope: 'col' }, this.word(key))));
    box.replaceChildren(make('p', {}, c.text), ...(rows.length ? [make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows))] : []));
  }
}

const root = document.getElementById('mapping');
if (root) new Editor(root);
