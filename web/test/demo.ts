// A real demo for each test: bin/rollcall on free ports, with its simulated tenant. test is Playwright's, with the demo, an
// administrator who is signed in (admin), and a check for every page.
import { AxeBuilder } from '@axe-core/playwright';
import { test as plain, expect, type Page } from '@playwright/test';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
export const shots = join(import.meta.dirname, '../shots');

// Demo is what `rollcall demo --info` writes.
export interface Demo { api_url: string; api_token: string; org_id: string; instance: string; entra_url: string; console_link: string }

export const ada = { name: 'Ada Lind', email: 'ada@example.org', password: 'quiet harbour lamp seven' };

async function start(users: number): Promise<{ demo: Demo; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-web-'));
  const info = join(folder, 'demo.json');
  const child: ChildProcess = spawn(join(root, 'bin/rollcall'), ['demo', '--users', String(users), '--seed', '7', '--listen', '127.0.0.1:0', '--entra-listen', '127.0.0.1:0',
    '--data', join(folder, 'data'), '--info', info], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let ended = false;
  child.stdout?.on('data', (text) => { said += text; });
  child.stderr?.on('data', (text) => { said += text; });
  child.on('exit', () => { ended = true; });
  for (const until = Date.now() + 30_000; !said.includes('Ctrl-C ends both');) {
    if (ended || Date.now() > until) throw new Error(`the demo did not start:\n${said}`);
    await new Promise((done) => { setTimeout(done, 50); });
  }
  const stop = async () => {
    const over = new Promise((done) => { if (ended) done(undefined); else child.on('exit', done); });
    child.kill('SIGTERM');
    await over;
    rmSync(folder, { recursive: true });
  };
  if (!existsSync(info)) { await stop(); throw new Error('the demo wrote no info file'); }
  return { demo: JSON.parse(readFileSync(info, 'utf8')) as Demo, stop };
}

// join takes the one-time link and creates the first administrator.
export async function join1(page: Page, demo: Demo): Promise<void> {
  await page.goto(demo.console_link);
  await page.getByLabel('Name').fill(ada.name);
  await page.getByLabel('E-mail address').fill(ada.email);
  await page.getByLabel('Password').fill(ada.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
}

export async function signIn(page: Page, demo: Demo, who: { email: string; password: string }): Promise<void> {
  await page.goto(demo.api_url + '/sign-in');
  await page.getByLabel('E-mail address').fill(who.email);
  await page.getByLabel('Password').fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).not.toHaveURL(/sign-in/);
}

// at is the address of a page of the demo's organization, such as at(demo, '/users').
export const at = (demo: Demo, path: string): string => `${demo.api_url}/org/${demo.org_id}${path}`;

// sim does something in the simulated tenant, such as sim(demo, 'POST', '/users/UPN/block').
export async function sim(demo: Demo, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${demo.entra_url}/sim${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return answer.headers.get('content-type')?.includes('json') ? answer.json() : undefined;
}

// api asks the server's own API, and expects the status.
export async function api<T>(demo: Demo, method: string, path: string, body?: unknown, status = 200): Promise<T> {
  const answer = await fetch(`${demo.api_url}/api/v1${path}`, {
    method, headers: { authorization: `Bearer ${demo.api_token}`, 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  expect(answer.status, `${method} ${path}: ${text}`).toBe(status);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

// another makes an organization beside the demo's, whose people nobody manages yet, and returns its id and the address of its pages.
export async function another(demo: Demo, name: string): Promise<{ id: string; pages: string }> {
  const { id } = await api<{ id: string }>(demo, 'POST', '/organizations', { name }, 201);
  return { id, pages: `${demo.api_url}/org/${id}` };
}

// accessible fails if axe finds a violation on the page. Legacy mode looks at this page alone, without a second one: no page of ours has frames. Every page is
// looked at wide and light, and narrow and dark, by all rules: those that depend on neither cost a fifth of the second look.
export async function accessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).setLegacyMode().withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
  expect(found.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join('\n  ')}`)).toEqual([]);
}

// picture keeps the page at two widths, light and dark, in web/shots, and runs axe on each.
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true });
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [width, height] of [[1360, 900], [390, 844]] as const) {
      await page.setViewportSize({ width, height });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 'the page is wider than the window').toBeLessThanOrEqual(0);
      await page.screenshot({ path: join(shots, `${name}-${width}-${scheme}.png`), fullPage: true });
      if ((width === 1360) === (scheme === 'light')) await accessible(page); // both widths and both themes, once each
    }
  }
  await page.setViewportSize({ width: 1360, height: 900 });
  await page.emulateMedia({ colorScheme: 'light' });
}

interface Fixtures { demo: Demo }

// Nothing may be refused by the Content Security Policy, no script may fail, and no file may be missing.
export const test = plain.extend<Fixtures & { watched: void }>({
  demo: [async ({}, use) => { // eslint-disable-line no-empty-pattern
    const { demo, stop } = await start(300);
    await use(demo);
    await stop();
  }, { timeout: 60_000 }],
  watched: [async ({ page }, use) => {
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(String(error)));
    // A page that is left while it refreshes itself gives that request up: afterRequest and sendAbort.
    page.on('console', (message) => { if (message.type() === 'error' && !/status of 4\d\d|htmx:(afterRequest|sendAbort)/.test(message.text())) wrong.push(message.text()); });
    page.on('response', (answer) => { if (answer.status() >= 500 || answer.status() === 404 && answer.url().includes('/assets/')) wrong.push(`${answer.status()} ${answer.url()}`); });
    await use();
    expect(wrong).toEqual([]);
  }, { auto: true }],
});
export { expect };
