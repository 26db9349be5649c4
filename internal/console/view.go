package console

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

//go:embed pages/*.html
var pages embed.FS

// shown is what a template sees.
type shown struct {
	Page Page
	View any
	// Main is what the page itself says, for the layout around it.
	Main template.HTML
	r    *request
}

// May reports whether who looks may do what the operation of the API does: a button that he may not use is not shown.
func (s shown) May(operation string) bool { return s.r.may(operation) }

// At is a path below the organization's.
func (s shown) At(parts ...string) string { return s.r.at(parts...) }

// defined finds the templates that a file defines, named those that it names.
var (
	defined = regexp.MustCompile(`{{define "([^"]+)"`)
	named   = regexp.MustCompile(`{{(define|template) "([^"]+)"`)
)

// sets are the templates of each language, read when the first page of it is asked for: a server without visitors needs none of them in memory.
func (s *server) sets() map[string]func() (*template.Template, error) {
	sets := map[string]func() (*template.Template, error){}
	for language, w := range s.words {
		sets[language] = sync.OnceValues(func() (*template.Template, error) { return s.parse(w) })
	}
	return sets
}

// parse reads all pages in one language. They are one set: what each would need of it as a copy is forty times as much. So a page's own templates
// carry its name in the set: users/main, users/part-rows.
func (s *server) parse(w *words) (*template.Template, error) {
	files, err := pages.ReadDir("pages")
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	set := template.New("").Funcs(s.functions(w))
	for _, file := range files {
		text, err := pages.ReadFile("pages/" + file.Name())
		if err != nil {
			return nil, fmt.Errorf("read pages: %w", err)
		}
		own := strings.TrimSuffix(file.Name(), ".html")
		if _, err := set.New(file.Name()).Parse(ownNames(own, string(text))); err != nil {
			return nil, fmt.Errorf("read the page %s: %w", own, err)
		}
	}
	return set, nil
}

// ownNames puts the name of a page before those of its templates; what the layout and the parts define is everybody's.
func ownNames(page, text string) string {
	if page == "layout" || strings.HasPrefix(page, "parts") {
		return text
	}
	its := map[string]bool{}
	for _, found := range defined.FindAllStringSubmatch(text, -1) {
		its[found[1]] = true
	}
	return named.ReplaceAllStringFunc(text, func(match string) string {
		found := named.FindStringSubmatch(match)
		if !its[found[2]] {
			return match
		}
		return "{{" + found[1] + ` "` + page + "/" + found[2] + `"`
	})
}

// functions are those of templates, in one language.
func (s *server) functions(w *words) template.FuncMap {
	return template.FuncMap{
		"t": w.say, "num": func(n any) string { whole, _ := integer(n); return w.number(whole) }, "percent": w.percent, "icon": s.assets.icon,
		"pill": pill, "button": button, "linkbutton": linkButton, "empty": empty, "notice": notice, "confirm": confirm, "ask": ask, "query": url.QueryEscape,
		"breaks": breaks, "frame": framed, "bin": binButton, "branch": branchOf,
	}
}

// render answers with a page, or with the part of it that htmx asks for.
func (r *request) render(w http.ResponseWriter, status int, name string, view any) error {
	return r.server.write(w, r, status, name, view)
}

func (s *server) write(w http.ResponseWriter, r *request, status int, name string, view any) error {
	set, err := s.templates[r.tag.String()]()
	if err != nil {
		return err
	}
	if set.Lookup(name+"/main") == nil {
		return fmt.Errorf("there is no page %s", name)
	}
	what := "main"
	if part := "part-" + r.Header.Get("HX-Target"); r.Header.Get("HX-Request") != "" && set.Lookup(name+"/"+part) != nil {
		what = part
		w.Header().Set("X-Part", "1")
	}
	r.page.Flash = ""
	if what == "main" {
		r.page.Flash = s.flash(w, r)
	}
	var out bytes.Buffer
	content := shown{Page: r.frame(), View: view, r: r}
	err = set.ExecuteTemplate(&out, name+"/"+what, content)
	if err == nil && what == "main" {
		content.Main = template.HTML(out.String()) //nolint:gosec // it is what the page's template wrote
		out.Reset()
		err = set.ExecuteTemplate(&out, "layout", content)
	}
	if err != nil {
		return fmt.Errorf("write the page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := deliver(w, r.Request, status, out.Bytes()); err != nil {
		s.Logger.DebugContext(r.ctx(), "page not written", "error", err.Error())
	}
	return nil
}

// smallPage is up to how many bytes a page is sent as it is: they go in one packet anyway.
const smallPage = 1400

// deliver writes a page, compressed if the browser takes that. Answers to a POST are not: they may hold a secret beside what the form said, and how
// well the two compress together would tell about it.
func deliver(w http.ResponseWriter, r *http.Request, status int, content []byte) error {
	if r.Method == http.MethodPost || len(content) <= smallPage || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, err := w.Write(content)
		return err
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	compressed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	_, err = compressed.Write(content)
	return errors.Join(err, compressed.Close())
}

// saidFor is for how many seconds the browser keeps what an action said.
const saidFor = 60

// done leads on to a path below the organization's after an action, where the word is said once; "" for none.
func (r *request) done(w http.ResponseWriter, path, word string) error {
	if word != "" {
		r.setCookie(w, "said", word, saidFor)
	}
	r.lead(w, r.at(path))
	return nil
}

// flash is what the action before this page said. Only words of the catalogue that were written for it are shown.
func (s *server) flash(w http.ResponseWriter, r *request) string {
	word := cookie(r.Request, "said")
	if word == "" {
		return ""
	}
	r.setCookie(w, "said", "", -1)
	if !r.has(word) {
		return ""
	}
	return r.say(word)
}
