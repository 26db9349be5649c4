package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// assetPath is where the bundle's files are served.
const assetPath = "/assets/"

// assets are the files of the bundle.
type assets struct {
	files fs.FS
	// names are the hashed names, by those in the sources.
	names map[string]string
	icons map[string]template.HTML
	// missing: there is no bundle; pages say what to build.
	missing bool
}

func openAssets(files fs.FS) (*assets, error) {
	a := &assets{files: files, names: map[string]string{}, icons: map[string]template.HTML{}}
	text, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		a.missing = true
		return a, nil //nolint:nilerr // a server without its bundle is served all the same
	}
	if err := json.Unmarshal(text, &a.names); err != nil {
		return nil, fmt.Errorf("read the bundle's manifest: %w", err)
	}
	drawn, err := fs.Glob(files, a.names["icons"]+"/*.svg")
	if err != nil {
		return nil, fmt.Errorf("read the bundle's icons: %w", err)
	}
	for _, file := range drawn {
		svg, err := fs.ReadFile(files, file)
		if err != nil {
			return nil, fmt.Errorf("read the bundle's icons: %w", err)
		}
		inner := string(svg)
		inner = inner[strings.Index(inner, ">")+1:]
		a.icons[strings.TrimSuffix(path.Base(file), ".svg")] = template.HTML(`<svg class="icon" viewBox="0 0 32 32" aria-hidden="true">` + inner) //nolint:gosec // our own file
	}
	return a, nil
}

// address returns where a file of the bundle is.
func (a *assets) address(name string) string { return assetPath + a.names[name] }

// icon returns the drawing; nothing for a name that is not in web/src/icons.txt.
func (a *assets) icon(name string) template.HTML { return a.icons[name] }

// ServeHTTP serves a file, compressed if the browser takes that. Its name holds its hash: it never changes.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), assetPath)
	types := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
	kind, known := types[path.Ext(name)]
	if _, err := fs.Stat(a.files, name); err != nil || !known {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	for _, coding := range []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if _, err := fs.Stat(a.files, name+coding.ending); err == nil && strings.Contains(r.Header.Get("Accept-Encoding"), coding.name) {
			header.Set("Content-Encoding", coding.name)
			name += coding.ending
			break
		}
	}
	http.ServeFileFS(w, r, a.files, name) //nolint:gosec // G703: an fs.FS takes no path that leads out of it
}
