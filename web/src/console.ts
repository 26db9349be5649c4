// What every page has: Momentum's elements that are used, htmx, and the few behaviours that plain HTML lacks. Pages work by forms
// and links; larger islands (such as the mapping editor) are files of their own, imported here.
import htmx from 'htmx.org';
import '@momentum-design/components/dist/components/button/index.js';
import '@momentum-design/components/dist/components/buttonlink/index.js';
import '@momentum-design/components/dist/components/toggle/index.js';
import '@momentum-design/components/dist/components/iconprovider/index.js';
import './islands';
import './mapping';

declare global {
  interface Window { htmx: typeof htmx }
}
window.htmx = htmx;
