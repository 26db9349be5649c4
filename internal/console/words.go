package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed words/*.json
var catalogues embed.FS

// languages are those that there is a catalogue for, the first one for whoever speaks none of them.
var languages = []language.Tag{language.English, language.French}

// words is the catalogue of one language.
type words struct {
	tag     language.Tag
	printer *message.Printer
	texts   map[string]text
}

// text has one form, other, or one for each kind of number.
type text struct{ one, many, other string }

// UnmarshalJSON reads a string, or an object with one and other.
func (t *text) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &t.other) == nil {
		return nil
	}
	var forms struct{ One, Many, Other string }
	if err := json.Unmarshal(data, &forms); err != nil {
		return fmt.Errorf("read a text: %w", err)
	}
	*t = text{forms.One, forms.Many, forms.Other}
	return nil
}

func loadWords() (map[string]*words, error) {
	all := map[string]*words{}
	for _, tag := range languages {
		data, err := catalogues.ReadFile("words/" + tag.String() + ".json")
		if err != nil {
			return nil, fmt.Errorf("read words: %w", err)
		}
		w := &words{tag: tag, printer: message.NewPrinter(tag)}
		if err := json.Unmarshal(data, &w.texts); err != nil {
			return nil, fmt.Errorf("read words of %s: %w", tag, err)
		}
		all[tag.String()] = w
	}
	return all, nil
}

// has reports whether there is a text with the key.
func (w *words) has(key string) bool { _, found := w.texts[key]; return found }

// say returns the text of the key with its {names} filled from pairs of name and value. Numbers are written as the language does; the one
// named n chooses the form.
func (w *words) say(key string, pairs ...any) string {
	t, found := w.texts[key]
	if !found {
		return key
	}
	out := t.other
	var fill []string
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := fmt.Sprint(pairs[i]), pairs[i+1]
		if n, isNumber := integer(value); isNumber {
			if name == "n" {
				out = t.form(w.tag, n)
			}
			value = w.number(n)
		}
		fill = append(fill, "{"+name+"}", fmt.Sprint(value))
	}
	return strings.NewReplacer(fill...).Replace(out)
}

func (t text) form(tag language.Tag, n int64) string {
	kind := plural.Cardinal.MatchPlural(tag, int(n), 0, 0, 0, 0)
	switch {
	case kind == plural.One && t.one != "":
		return t.one
	case kind == plural.Many && t.many != "":
		return t.many
	}
	return t.other
}

func integer(value any) (int64, bool) {
	switch n := value.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case *int: // a number that may be missing, such as Choice.Count
		if n != nil {
			return int64(*n), true
		}
	}
	return 0, false
}

// number writes a whole number with the language's separators.
func (w *words) number(n int64) string { return w.printer.Sprint(number.Decimal(n)) }

// percent writes a share of one.
func (w *words) percent(share float64) string { return w.printer.Sprint(number.Percent(share)) }

// day writes a date, such as 2 January 2026.
func (w *words) day(at time.Time) string {
	months := strings.Fields(w.say("time.months"))
	return fmt.Sprintf("%d %s %d", at.Day(), months[at.Month()-1], at.Year())
}

// exact writes date and time.
func (w *words) exact(at time.Time) string { return w.day(at) + ", " + at.Format("15:04:05") }

// span writes a duration in its largest unit.
func (w *words) span(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Second:
		return w.say("time.moment")
	case d < time.Minute:
		return w.say("time.seconds", "n", int(d.Seconds()))
	case d < time.Hour:
		return w.say("time.minutes", "n", int(d.Minutes()))
	case d < 48*time.Hour:
		return w.say("time.hours", "n", int(d.Hours()))
	}
	return w.say("time.days", "n", int(d.Hours()/24))
}

// ago writes how far a time is from now, before or after.
func (w *words) ago(at, now time.Time) string {
	switch d := now.Sub(at); {
	case d.Abs() < time.Second:
		return w.say("time.now")
	case d > 0:
		return w.say("time.ago", "span", w.span(d))
	default:
		return w.say("time.in", "span", w.span(d))
	}
}
