import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type APIRequestContext, type Browser, type Page } from '@playwright/test';
import { api, at, type Demo, expect, join1, test } from '../demo.ts';
import { actions, type Seen, walk } from '../walk.ts';

const starts = ['/overview', '/users', '/groups', '/archive', '/audit', '/runs', '/log', '/pins', '/domains', '/profile', '/directory-synchronization', '/connections', '/setup'];

// joins lets a colleague of the role take his link, in a browser of his own.
async function joins(page: Page, browser: Browser, demo: Demo, role: string): Promise<APIRequestContext> {
  await page.goto(at(demo, '/administrators'));
  await page.getByLabel('Role', { exact: true }).selectOption(role);
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByText(/\/join\//).innerText();
  const context = await browser.newContext();
  const own = await context.newPage();
  await own.goto(link);
  await own.getByLabel('Name').fill(role);
  await own.getByLabel('E-mail address').fill(`${role}@example.org`);
  await own.getByLabel('Password').fill('quiet harbour lamp eight');
  await own.getByRole('button', { name: 'Create account' }).click();
  await expect(own.getByRole('button', { name: 'Sign out', exact: true }).last()).toBeVisible();
  return context.request;
}

// reads are requests that are posted because of their size, and change nothing: pickers and previews.
const reads = /\/(find|foresight\/[a-z]+|compare|check|people)$/;

// furnish makes one of each thing that there are pages for, and returns where to begin. Nothing runs by itself from then on: a run that finds nothing to do is
// dropped, and with it the page that a link leads to.
async function furnish(demo: Demo): Promise<string[]> {
  const org = `/organizations/${demo.org_id}`;
  await api(demo, 'PATCH', `${org}/instances/${demo.instance}`, { autoSync: false });
  await expect.poll(async () => (await api<{ status: { run?: object } }>(demo, 'GET', `${org}/instances/${demo.instance}`)).status.run).toBeUndefined();
  const user = await api<{ id: string }>(demo, 'POST', `${org}/users`, { attributes: { userName: 'grace@contoso.example', displayName: 'Grace Hopper' } }, 201);
  const gone = await api<{ id: string }>(demo, 'POST', `${org}/users`, { attributes: { userName: 'alan@contoso.example', displayName: 'Alan Mathison' } }, 201);
  const group = await api<{ id: string }>(demo, 'POST', `${org}/groups`, { attributes: { displayName: 'Pilots' } }, 201);
  await api(demo, 'POST', `${org}/groups/${group.id}/members`, { members: [{ id: user.id }] });
  await api(demo, 'DELETE', `${org}/users/${gone.id}`, undefined, 204);
  await api(demo, 'POST', `${org}/tokens`, { name: 'tool', role: 'scim-writer' }, 201);
  await api(demo, 'POST', `${org}/domains`, { name: 'contoso.example' }, 201);
  return [`/users/${user.id}`, `/groups/${group.id}`, ...starts];
}

test('no role is led to what it may not do, and what it sends by hand is refused', async ({ page, browser, demo }) => {
  await join1(page, demo);
  const from = await furnish(demo);
  const reader = await joins(page, browser, demo, 'read-only-administrator');
  const users = await joins(page, browser, demo, 'user-administrator');
  const officer = await joins(page, browser, demo, 'compliance-officer');
  const mighty = actions(demo, await walk(page.request, demo, [...from, '/simulator', '/simulator/groups', '/simulator/machinery']));
  expect(mighty.size).toBeGreaterThan(60);
  for (const [role, own] of [['reader', reader], ['user administrator', users], ['compliance officer', officer]] as const) {
    const first = await own.get(demo.api_url + '/');
    const objects = role === 'compliance officer' ? [] : from.slice(0, 2); // he does not see the directory
    const pages = await walk(own, demo, [...objects, new URL(first.url()).pathname.replace(`/org/${demo.org_id}`, '')]);
    expect(pages.length, `pages of the ${role}`).toBeGreaterThan(3);
    expect(pages.filter((seen) => seen.status !== 200).map((seen) => `${seen.status} ${seen.path}`), `where the ${role} is led to`).toEqual([]);
    const offered = actions(demo, pages);
    const allowed: string[] = [];
    for (const [kind, path] of mighty) {
      if (offered.has(kind) || reads.test(kind)) continue;
      const answer = await own.post(at(demo, path), { form: { search: 'a', move: 'next' }, maxRedirects: 0 });
      if (answer.status() !== 403) allowed.push(`${answer.status()} ${kind}`);
    }
    expect(allowed, `what the ${role} may do and is offered nowhere`).toEqual([]);
    if (role === 'reader') expect([...offered.keys()].filter((kind) => !reads.test(kind) && !/^\/(profile|tour)/.test(kind)), 'what a reader is offered').toEqual([]);
  }
});

test('every form that is saved untouched changes nothing', async ({ page, demo }) => {
  await join1(page, demo);
  const from = await furnish(demo);
  const pages = await walk(page.request, demo, [...from, '/retention', '/administrators', '/tokens']);
  const forms = pages.filter((seen) => seen.status === 200 && />Save</.test(seen.html));
  const kinds = [...new Set(forms.map((seen) => seen.kind))];
  for (const kind of ['/setup/{id}/attributes', '/setup/{id}/users', '/setup/{id}/groups', '/setup/{id}/more', '/users/{id}/edit', '/groups/{id}/edit', '/connections/{id}', '/instances/{id}/name', '/profile']) {
    expect(kinds, 'forms that were found').toContain(kind);
  }
  const events = async () => (await api<{ items: { id: string; actor: string; action: string }[] }>(demo, 'GET', `/organizations/${demo.org_id}/audit?limit=50`)).items.map((event) => `${event.id} ${event.action}`);
  for (const form of forms) {
    const before = await events();
    await page.goto(at(demo, form.path));
    const buttons = page.getByRole('button', { name: 'Save', exact: true });
    for (let n = await buttons.count() - 1; n >= 0; n--) {
      await page.goto(at(demo, form.path));
      if (!await buttons.nth(n).isVisible()) await page.locator('details.fold > summary').first().click();
      await Promise.all([page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.status() < 400 && !answer.request().headers()['hx-request']), buttons.nth(n).click()]);
      await page.waitForLoadState();
    }
    expect((await events()).filter((event) => !before.includes(event)), `saving ${form.path} untouched`).toEqual([]);
  }
});

type Catalogue = Record<string, string | { one: string; other: string }>;

test('all pages are French for who chose French', async ({ page, demo }) => {
  await join1(page, demo);
  const from = await furnish(demo);
  await page.goto(at(demo, '/profile'));
  await page.getByLabel('Language').selectOption('fr');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Profil' })).toBeVisible();
  const words = (language: string) => JSON.parse(readFileSync(join(import.meta.dirname, `../../../internal/console/words/${language}.json`), 'utf8')) as Catalogue;
  const texts = (language: string) => Object.values(words(language)).filter((text) => typeof text === 'string');
  const french = new Set(texts('fr')), keys = new Set(Object.keys(words('en')));
  const english = new Set(texts('en').filter((text) => !french.has(text) && !text.includes('{') && /[a-z]/.test(text)));
  const pages = await walk(page.request, demo, [...from, '/retention', '/administrators', '/tokens', '/simulator', '/simulator/groups', '/simulator/machinery']);
  expect(pages.length).toBeGreaterThan(50);
  const left = (seen: Seen) => [...seen.html.replaceAll(/<code[^>]*>[^<]*<\/code>/g, '').matchAll(/>([^<>]+)</g)].map(([, text]) => text.trim()).filter((text) => english.has(text) || keys.has(text));
  const wrong = new Set(pages.flatMap((seen) => [
    ...seen.html.includes('<html lang="fr"') ? [] : [`${seen.kind}: not said to be French`], ...left(seen).map((text) => `${seen.kind}: ${text}`),
  ]));
  expect([...wrong]).toEqual([]);
});
