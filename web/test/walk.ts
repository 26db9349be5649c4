// A walk over the pages that somebody who is signed in is led to, by their links, without a browser: quick enough to see them all.
import { type APIRequestContext } from '@playwright/test';
import { at, type Demo } from './demo.ts';

// Seen is a page of the organization. path begins after /org/{org}; kind is the path without ids, such as /users/{id}/edit.
export interface Seen { path: string; kind: string; status: number; html: string }

// files are links that download something.
const files = /\/(csv|ndjson|report|export)(\?|$)/;

export const kindOf = (path: string): string =>
  path.split('?')[0].replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}').replace(/(\/members\/)[^/]+(\/remove)$/, '$1{id}$2');

const plain = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&#43;', '+').replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>');

// walk follows links from the pages given, and looks at up to `each` pages of a kind.
export async function walk(request: APIRequestContext, demo: Demo, from: string[], each = 2): Promise<Seen[]> {
  const base = new URL(at(demo, '')).pathname;
  const waiting = [...from], known = new Set(from), kinds = new Map<string, number>(), seen: Seen[] = [];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const kind = kindOf(path);
    const count = kinds.get(kind) ?? 0;
    if (count >= each) continue;
    kinds.set(kind, count + 1);
    const answer = await request.get(at(demo, path), { maxRedirects: 0 });
    const html = await answer.text();
    seen.push({ path, kind, status: answer.status(), html });
    for (const [, link] of html.matchAll(/href="([^"#]+)"/g)) {
      const next = plain(link);
      if (!next.startsWith(base + '/') || files.test(next)) continue;
      const below = next.slice(base.length);
      if (!known.has(below)) { known.add(below); waiting.push(below); }
    }
  }
  return seen;
}

// actions are the addresses below the organization's to which the pages send something, by their kind.
export function actions(demo: Demo, pages: Seen[]): Map<string, string> {
  const base = new URL(at(demo, '')).pathname;
  const found = new Map<string, string>();
  for (const page of pages) {
    for (const [, link] of page.html.matchAll(/(?:method="post" action|hx-post)="([^"]+)"/g)) {
      const path = plain(link);
      if (path.startsWith(base + '/')) found.set(kindOf(path.slice(base.length)), path.slice(base.length));
    }
  }
  return found;
}
