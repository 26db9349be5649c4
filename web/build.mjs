// Builds the console's bundle into dist: one script, one stylesheet, the icons in use, and Inter in two pieces. Every name holds a
// hash of its content, so that browsers keep it for ever; each file lies there compressed too. manifest.json tells Go the names.
import { build } from 'esbuild';
import subsetFont from 'subset-font';
import { createHash } from 'node:crypto';
import { brotliCompressSync, gzipSync, constants } from 'node:zlib';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const dist = join(here, 'dist');
const momentum = join(here, 'node_modules/@momentum-design');
const manifest = {};

for (const name of readdirSync(dist)) if (name !== 'README.md') rmSync(join(dist, name), { recursive: true });

const hash = (data) => createHash('sha256').update(data).digest('hex').slice(0, 10);

// write stores a file under its hashed name, with compressed twins where that pays, and returns the name.
function write(name, data, folder = '') {
  const bytes = Buffer.from(data);
  const [stem, ending] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.'))];
  const out = folder ? join(folder, name) : `${stem}-${hash(bytes)}${ending}`;
  writeFileSync(join(dist, out), bytes);
  if (ending !== '.woff2' && bytes.length > 600) {
    writeFileSync(join(dist, out + '.gz'), gzipSync(bytes, { level: 9 }));
    writeFileSync(join(dist, out + '.br'), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  }
  if (!folder) manifest[name] = out;
  return out;
}

// Icons: those named in src/icons.txt. The server draws most of them into the page; Momentum's own elements fetch theirs.
const names = readFileSync(join(here, 'src/icons.txt'), 'utf8').split(/\s+/).filter(Boolean);
const drawn = names.map((name) => [name, readFileSync(join(momentum, 'icons/dist/svg', name + '.svg'), 'utf8')]);
const icons = `icons-${hash(JSON.stringify(drawn))}`;
mkdirSync(join(dist, icons));
for (const [name, svg] of drawn) write(name + '.svg', svg, icons);
manifest.icons = icons;

// Inter: Latin for nearly everybody at once, the rest when a page has such a letter.
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join('');
const inter = readFileSync(join(momentum, 'fonts/dist/inter/Inter.var.woff2'));
const pieces = [
  ['inter-latin.woff2', range(0x20, 0x17f) + range(0x2010, 0x2027) + '‹›€→←↑↓−≠≤≥✓…·', 'U+0020-017F, U+2010-2027, U+2039-203A, U+20AC, U+2190-2193, U+2212, U+2260, U+2264-2265, U+2713'],
  ['inter-more.woff2', range(0x180, 0x24f) + range(0x370, 0x3ff) + range(0x400, 0x4ff) + range(0x1e00, 0x1fff), 'U+0180-024F, U+0370-04FF, U+1E00-1FFF'],
];
let faces = '';
for (const [name, letters, ranges] of pieces) {
  const piece = write(name, await subsetFont(inter, letters, { targetFormat: 'woff2', variationAxes: { wght: { min: 400, max: 700 } } }));
  faces += `@font-face{font-family:"Inter";src:url("${piece}") format("woff2");font-weight:400 700;font-display:swap;font-feature-settings:"ss02" on;unicode-range:${ranges}}\n`;
}

// The stylesheet: Momentum's tokens, with the theme chosen by <html data-theme> or else by the system, then our own.
const token = (path) => readFileSync(join(momentum, 'tokens/dist/css', path), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
const inner = (css) => css.slice(css.indexOf('{') + 1, css.lastIndexOf('}'));
const [light, dark] = ['light', 'dark'].map((theme) => inner(token(`theme/webex/${theme}-stable.css`)));
const styles = [
  faces,
  `:root{color-scheme:light;${light}}`,
  `:root[data-theme=dark]{color-scheme:dark;${dark}}`,
  `@media (prefers-color-scheme:dark){:root:not([data-theme]){color-scheme:dark;${dark}}}`,
  token('typography/complete.css'), token('elevation/complete.css'), token('core/complete.css'), token('effect/complete.css'),
  readFileSync(join(here, 'src/console.css'), 'utf8'),
].join('\n');
const css = await build({ stdin: { contents: styles, loader: 'css' }, minify: true, write: false });
write('console.css', css.outputFiles[0].contents);

const js = await build({
  entryPoints: [join(here, 'src/console.ts')], bundle: true, minify: true, write: false, format: 'iife', target: 'es2022', legalComments: 'eof',
  define: { 'process.env.NODE_ENV': '"production"' },
});
write('console.js', js.outputFiles[0].contents);

// What the program is made of, for the page of licences.
write('NOTICE.txt', readFileSync(join(here, '../NOTICE')));
writeFileSync(join(dist, 'manifest.json'), JSON.stringify(manifest, null, 1));
const size = (name) => readFileSync(join(dist, manifest[name] + (name.endsWith('woff2') ? '' : '.br'))).length;
console.log(['console.js', 'console.css', 'inter-latin.woff2', 'inter-more.woff2'].map((n) => `${n} ${Math.round(size(n) / 1024)} KB`).join(', '));
