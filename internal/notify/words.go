package notify

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed words/*.json
var texts embed.FS

// words is the catalogue of a language.
type words map[string]string

func loadWords() (map[string]words, error) {
	all := map[string]words{}
	for _, name := range Languages() {
		data, err := texts.ReadFile("words/" + name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read the words of mails: %w", err)
		}
		var w words
		if err := json.Unmarshal(data, &w); err != nil {
			return nil, fmt.Errorf("read the words of mails in %s: %w", name, err)
		}
		all[name] = w
	}
	return all, nil
}

// say returns a text with its {names} filled from pairs of name and value.
func (w words) say(key string, pairs ...string) string {
	fill := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		fill = append(fill, "{"+pairs[i]+"}", pairs[i+1])
	}
	return strings.NewReplacer(fill...).Replace(w[key])
}
