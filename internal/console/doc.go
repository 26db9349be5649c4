// Package console is the administrators' web pages.
//
// # How a request goes
//
// console.go makes one http.Handler: security headers, http.CrossOriginProtection, then the table of pages in routes.go. A page names the
// operation of the API that shows or does the same; its right (api.RightOf, one table for both) is checked in session.go before the handler runs, and
// what the right refuses is a page that says so. The session's cookie is read there too, and the organization from the path: pages are below
// /org/{org}, so that a link can be sent and two tabs can show two organizations. An organization that is not the administrator's does not
// exist for him. Handlers get a *request (request.go): who asks, org, words, base path, clock.
//
// # How to add a page
//
//  1. routes.go: one line: {"GET /users", like("listUsers"), s.users}. The path is below /org/{org}. Writing is POST, and answers with
//     r.done(w, "/users", "form.saved") (303 and a message shown once), or r.render with the form and its errors.
//  2. NOUN.go: the handler (func (s *server) users(w, r *request) error) and its view, a struct whose fields are ready to be shown. It returns
//     errors; fail.go makes a page of them by the kind of the fault. It calls s.Directory and s.Engine as the API's
//     operations do (internal/api): no rules here.
//  3. pages/NOUN.html: {{define "main"}}…{{end}} over the view ({{.}} is {Page, View}: use {{with .View}} and $.Page). A part that refreshes
//     by itself is {{define "part-ID"}}<div id="ID">…</div>{{end}}: a request of htmx whose target is #ID is answered with that part alone.
//  4. words/en.json and words/fr.json: every text, {{t "users.title"}}. The test fails for a key that lacks a language, is unused or missing.
//  5. frame.go: an entry of the navigation, with the operation that it needs; a role that may not is not shown it. Buttons: {{if .May "createUser"}}.
//  6. web/test/journeys/NOUN.spec.ts: the journey (test and demo from ../demo.ts); await picture(page, "NAME") takes pictures in both
//     widths and themes and runs axe. `make web-test`; one file: cd web && npx playwright test NOUN.
//
// # Words
//
// In templates: {{t "key"}}, {{t "key" "name" .Name}} fills {name}; a text that is an object {"one": …, "other": …} is chosen by the argument "n".
// {{num 12345}} writes a number, {{percent 0.5}}. In Go: r.say("key", "name", value). Times are made in Go: r.moment(at), shown by
// {{template "moment" .At}} (the exact time in the administrator's zone, how long ago as its text); r.day(at); r.span(duration). A key made at run time ends with a dot
// where it is cut ("status." + x), and counts as use of all that begin so. A fault's message is shown through r.fault(err): "fault.CODE" if there is such a
// word, else its own English sentence.
//
// # Components
//
// Partials, in pages/parts.html (those of one area in pages/parts-AREA.html), each taking what its constructor (component.go, also a template function) makes:
//
//   - {{template "pill" (pill "ok" "text")}}: status; tones ok, warn, bad, info, idle.
//   - {{icon "home-regular"}}: drawn into the page; the name must stand in web/src/icons.txt.
//   - {{template "button" (button "text" "kind" "icon")}}: submits its form; kinds primary, secondary, danger, plain. (linkbutton "text" "/href" "kind" "icon") with "linkbutton".
//   - {{template "field" .Name}}: a Field (label, name, type, value, hint, error); type "select" with Options, "textarea", "checkbox".
//   - {{template "pager" .Pager}}: next page by cursor; {{template "search" .Search}}: search as you type into a part, debounced.
//   - {{template "segments" .Segments}}: filters with counts; {{template "tabs" .Tabs}}: both lists of Choice.
//   - {{template "confirm" (confirm "id" "title" "text" "/action" "button")}}: a dialog that asks; <button data-opens="id"> opens it.
//   - {{template "empty" (empty "icon" "title" "text")}}; {{template "notice" (notice "warn" "title" "text")}}.
//   - {{template "diff" .Lines}}: before in red and after in green, with words for those who do not see colours; Lines are made by differences(before, after).
//   - {{template "history" .History}}: lines of the provisioning log, made by s.history; {{template "secret" .New}}: a secret shown once.
//   - {{template "helpon" ($.HelpOn "held")}}: a question mark that leads to a subject of help (help.go). Every page has one; topics are in helpTopics.
//   - pages/objectform.html: a whole page with a form of Fields (objectForm); r.fields and r.changed tie them to attributes, so that what nobody
//     touched is no change.
//   - {{template "progress" .Progress}}: bar with counts, rate and time left; {{template "copy" .Text}}: copy button.
//
// Markup with a class of web/src/console.css: section.card (.held, .broken, .flush), div.stats > a.stat > span + b, dl.facts (.tall where it is narrow), table.list (td
// data-label="…": a list of cards on a phone), .toolbar, .split, .side-by, ul.lines, .actions, .bar, ul.tree, details.menu (three dots).
//
// Behaviours, web/src/islands.ts: data-opens, data-closes, data-copy, data-submits (a select that submits its form), data-live="5" with hx-get, hx-trigger="live",
// hx-target="this", hx-swap="outerHTML": asks for itself every five seconds while somebody looks. No script and no style stands in a page: the Content
// Security Policy refuses it.
package console
