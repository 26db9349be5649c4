// Behaviours that hang on data attributes; internal/console/doc.go lists them.
import htmx from 'htmx.org';

const on = (type: string, run: (event: Event, target: HTMLElement) => void) =>
  document.addEventListener(type, (event) => { if (event.target instanceof HTMLElement || event.target instanceof SVGElement) run(event, event.target as HTMLElement); });

// The browser's time zone, for the server, which writes all times.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`zone=${encodeURIComponent(zone)}`)) {
  document.cookie = `zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax${location.protocol === 'https:' ? ';secure' : ''}`;
}

on('click', (event, target) => {
  const opener = target.closest<HTMLElement>('[data-opens]');
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens ?? '');
    if (dialog instanceof HTMLDialogElement) { event.preventDefault(); dialog.showModal(); }
  }
  if (target.closest('[data-closes]')) target.closest('dialog')?.close();
  const copier = target.closest<HTMLElement>('[data-copy]');
  if (copier) void navigator.clipboard.writeText(copier.dataset.copy ?? '').then(() => say(copier.dataset.copied ?? ''));
  if (target.closest('[data-menu]')) toggleMenu();
  else if (!target.closest('.side')) document.querySelector('.shell')?.classList.remove('open');
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) if (!menu.contains(target)) menu.open = false;
});

on('keydown', (event) => {
  if ((event as KeyboardEvent).key !== 'Escape') return;
  document.querySelector('.shell')?.classList.remove('open');
  for (const menu of document.querySelectorAll<HTMLDetailsElement>('details.menu[open]')) { menu.open = false; menu.querySelector('summary')?.focus(); }
});

// A select or checkbox that answers at once.
on('change', (_, target) => {
  if (!target.matches('[data-submits]')) return;
  if (target instanceof HTMLSelectElement && target.dataset.goes !== undefined) { location.assign(target.value); return; }
  (target as HTMLInputElement).form?.requestSubmit();
});

function toggleMenu(): void {
  const shell = document.querySelector('.shell');
  const open = shell?.classList.toggle('open') ?? false;
  document.querySelector('[data-menu]')?.setAttribute('aria-expanded', String(open));
  if (open) document.querySelector<HTMLElement>('.side a')?.focus();
}

// say shows a short message that goes by itself; screen readers hear it.
export function say(text: string): void {
  const toasts = document.querySelector('.toasts');
  if (!text || !toasts) return;
  const toast = document.createElement('div');
  toast.className = 'notice ok';
  toast.textContent = text;
  toasts.append(toast);
  setTimeout(() => toast.remove(), 5000);
}

// data-live="5": the element asks for itself every five seconds while somebody looks.
const asked = new WeakMap<Element, number>();
setInterval(() => {
  if (document.visibilityState !== 'visible') return;
  for (const element of document.querySelectorAll<HTMLElement>('[data-live]')) {
    const now = performance.now();
    const last = asked.get(element) ?? now;
    if (!asked.has(element)) asked.set(element, now);
    if (element.contains(document.activeElement) && document.activeElement !== document.body) continue; // nobody loses his place
    if (now - last >= Number(element.dataset.live) * 1000) { asked.set(element, now); htmx.trigger(element, 'live', {}); }
  }
}, 500);

// An answer that is no page part, such as the sign-in page after the session ended, replaces the whole page.
document.addEventListener('htmx:beforeSwap', (event) => {
  const detail = (event as CustomEvent).detail as { xhr: XMLHttpRequest; shouldSwap: boolean };
  if (detail.xhr.status === 401) { detail.shouldSwap = false; location.reload(); }
  else if (detail.xhr.status >= 400 && detail.xhr.getResponseHeader('X-Part')) detail.shouldSwap = true;
});
document.addEventListener('htmx:sendError', () => say(document.body.dataset.offline ?? ''));
