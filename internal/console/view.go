package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strings"
)

//go:embed pages/*.html
var pages embed.FS

// page is one page's templates in one language.
type page struct{ *template.Template }

// shown is what a template sees.
type shown struct {
	Page Page
	View any
	r    *request
}

// May reports whether who looks may do what the operation of the API does: a button that he may not use is not shown.
func (s shown) May(operation string) bool { return s.r.may(operation) }

// At is a path below the organization's.
func (s shown) At(parts ...string) string { return s.r.at(parts...) }

// parse reads all pages in all languages, so that a mistake in one is found when the server starts.
func (s *server) parse() (map[string]map[string]*page, error) {
	files, err := pages.ReadDir("pages")
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	all := map[string]map[string]*page{}
	for name, w := range s.words {
		all[name] = map[string]*page{}
		base, err := template.New("").Funcs(s.functions(w)).ParseFS(pages, "pages/layout.html", "pages/parts*.html")
		if err != nil {
			return nil, fmt.Errorf("read the layout: %w", err)
		}
		for _, file := range files {
			own := strings.TrimSuffix(path.Base(file.Name()), ".html")
			if own == "layout" || strings.HasPrefix(own, "parts") {
				continue
			}
			clone, err := base.Clone()
			if err == nil {
				clone, err = clone.ParseFS(pages, "pages/"+file.Name())
			}
			if err != nil {
				return nil, fmt.Errorf("read the page %s: %w", own, err)
			}
			all[name][own] = &page{clone}
		}
	}
	return all, nil
}

// functions are those of templates, in one language.
func (s *server) functions(w *words) template.FuncMap {
	return template.FuncMap{
		"t": w.say, "num": func(n any) string { whole, _ := integer(n); return w.number(whole) }, "percent": w.percent, "icon": s.assets.icon,
		"pill": pill, "button": button, "linkbutton": linkButton, "empty": empty, "notice": notice, "confirm": confirm, "ask": ask, "query": url.QueryEscape,
		"frame": framed, "bin": binButton, "branch": branchOf,
	}
}

// render answers with a page, or with the part of it that htmx asks for.
func (r *request) render(w http.ResponseWriter, status int, name string, view any) error {
	return r.server.write(w, r, status, name, view)
}

func (s *server) write(w http.ResponseWriter, r *request, status int, name string, view any) error {
	p := s.templates[r.tag.String()][name]
	if p == nil {
		return fmt.Errorf("there is no page %s", name)
	}
	what := "layout"
	if part := "part-" + r.Header.Get("HX-Target"); r.Header.Get("HX-Request") != "" && p.Lookup(part) != nil {
		what = part
		w.Header().Set("X-Part", "1")
	}
	r.page.Flash = ""
	if what == "layout" {
		r.page.Flash = s.flash(w, r)
	}
	var out bytes.Buffer
	if err := p.ExecuteTemplate(&out, what, shown{Page: r.frame(), View: view, r: r}); err != nil {
		return fmt.Errorf("write the page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := out.WriteTo(w); err != nil {
		s.Logger.DebugContext(r.ctx(), "page not written", "error", err.Error())
	}
	return nil
}

// done leads on to a path below the organization's after an action, where the word is said once; "" for none.
func (r *request) done(w http.ResponseWriter, path, word string) error {
	if word != "" {
		http.SetCookie(w, &http.Cookie{Name: "said", Value: word, Path: "/", MaxAge: 60, HttpOnly: true, Secure: r.server.secure(r.Request), SameSite: http.SameSiteLaxMode})
	}
	http.Redirect(w, r.Request, r.at(path), http.StatusSeeOther)
	return nil
}

// flash is what the action before this page said. Only words of the catalogue that were written for it are shown.
func (s *server) flash(w http.ResponseWriter, r *request) string {
	word := cookie(r.Request, "said")
	if word == "" {
		return ""
	}
	http.SetCookie(w, &http.Cookie{Name: "said", Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure(r.Request), SameSite: http.SameSiteLaxMode})
	if !r.has(word) {
		return ""
	}
	return r.say(word)
}
