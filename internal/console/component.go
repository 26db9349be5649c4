package console

import (
	"html/template"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rollcall/internal/attr"
)

// Pill is a status in a word. Tone is ok, warn, bad, info or idle.
type Pill struct{ Tone, Text string }

func pill(tone, text string) Pill { return Pill{tone, text} }

// Button submits its form, or is a link if Href is set. Kind is primary, secondary, danger or plain.
type Button struct{ Text, Kind, Icon, Href string }

// Variant is Momentum's word for the kind.
func (b Button) Variant() string {
	switch b.Kind {
	case "primary":
		return "primary"
	case "plain":
		return "tertiary"
	}
	return "secondary"
}

// Color is Momentum's word for the kind.
func (b Button) Color() string {
	if b.Kind == "danger" {
		return "negative"
	}
	return "default"
}

func button(text, kind string, icon ...string) Button {
	return Button{Text: text, Kind: kind, Icon: slices.Concat(icon, []string{""})[0]}
}

func linkButton(text, href, kind string, icon ...string) Button {
	b := button(text, kind, icon...)
	b.Href = href
	return b
}

// Field is one input of a form.
type Field struct {
	Name, Label, Value, Hint, Error string
	// Placeholder stands in an empty input, for what holds then.
	Placeholder string
	// Type is that of the input, or "select", "textarea" or "checkbox".
	Type    string
	Options []Choice
	// Complete is the autocomplete attribute.
	Complete                  string
	Required, Checked, Locked bool
	// Max is how many characters it takes at most; 0 for no limit.
	Max int
}

// Choice is one of several: an option, a filter, a tab. Count is shown if it is not nil.
type Choice struct {
	Text, Value, Href string
	Current           bool
	Count             *int
}

// Search is a field that searches as one types: the part with the id Target is asked for anew.
type Search struct {
	Label, Value, Action, Target string
	// Hidden are the other parameters of the address to keep.
	Hidden []Choice
}

// Pager leads to the next page of a list, and back to the first one.
type Pager struct{ First, Next, Text string }

// Empty says what belongs in an empty place, and offers the action that fills it.
type Empty struct {
	Icon, Title, Text string
	Action            *Button
}

func empty(icon, title, text string, action ...Button) Empty {
	e := Empty{Icon: icon, Title: title, Text: text}
	if len(action) > 0 {
		e.Action = &action[0]
	}
	return e
}

// Notice is a message in a box; tones ok, warn, bad, info.
type Notice struct{ Tone, Title, Text string }

// Icon goes with the tone, so that it is not told by colour alone.
func (n Notice) Icon() string {
	switch n.Tone {
	case "ok":
		return "check-circle-regular"
	case "warn", "bad":
		return "warning-regular"
	}
	return "info-circle-regular"
}

func notice(tone, title, text string) Notice { return Notice{tone, title, text} }

// Confirm is a dialog that asks before an action is posted, with facts to decide by and what else the form sends. Kind is that of its button; "" for
// danger.
type Confirm struct {
	ID, Title, Text, Action, Button, Kind string
	Facts, Hidden                         []Choice
}

func confirm(id, title, text, action, button string) Confirm {
	return Confirm{ID: id, Title: title, Text: text, Action: action, Button: button}
}

// ask is a confirm with another kind of button, which sends names and values.
func ask(id, title, text, action, button, kind string, pairs ...string) Confirm {
	c := Confirm{ID: id, Title: title, Text: text, Action: action, Button: button, Kind: kind}
	for i := 0; i+1 < len(pairs); i += 2 {
		c.Hidden = append(c.Hidden, Choice{Text: pairs[i], Value: pairs[i+1]})
	}
	return c
}

// Line is one attribute that differs.
type Line struct{ Path, Before, After string }

// differences lists what differs between two records, by path.
func differences(before, after attr.Record) []Line {
	var lines []Line
	var names []string
	for _, field := range slices.Concat(before, after) {
		names = append(names, field.Name)
	}
	slices.Sort(names)
	for _, field := range slices.Compact(names) {
		was, is := shownValue(before.Get(field)), shownValue(after.Get(field))
		if was != is {
			lines = append(lines, Line{Path: shownPath(field), Before: was, After: is})
		}
	}
	return lines
}

// breakable are the places where a long address or path goes on in the next line rather than in the middle of a word.
var breakable = regexp.MustCompile(`[@.:/\[_-]+`)

// breaks lets a browser break a text where one that reads would.
func breaks(text string) template.HTML {
	var out strings.Builder
	from := 0
	for _, at := range breakable.FindAllStringIndex(text, -1) {
		out.WriteString(template.HTMLEscapeString(text[from:at[0]]) + "<wbr>" + template.HTMLEscapeString(text[at[0]:at[1]]))
		from = at[1]
	}
	out.WriteString(template.HTMLEscapeString(text[from:]))
	return template.HTML(out.String()) //nolint:gosec // each piece of the text is escaped
}

// sentence ends a text with a full stop and begins it with a capital, unless its first word is a name such as userName.
func sentence(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	if word, _, _ := strings.Cut(text, " "); word == strings.ToLower(word) {
		first, size := utf8.DecodeRuneInString(text)
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}

// Progress is how far long work is (A6).
type Progress struct {
	Step, Percent, Text string
	Done, Total         int
	Indefinite          bool
}

// progress makes the bar of a step: done of total (0 while unknown), how many a second, and how long it takes yet (0 if nobody knows).
func (r *request) progress(step string, done, total int, rate float64, left time.Duration) Progress {
	p := Progress{Step: step, Done: done, Total: total, Indefinite: total <= 0}
	switch {
	case p.Indefinite:
		p.Text = r.say("progress.counted", "n", done)
	case left <= 0:
		p.Text = r.say("progress.of", "done", done, "total", total)
	default:
		p.Text = r.say("progress.left", "done", done, "total", total, "rate", int(rate), "left", r.span(left))
	}
	if !p.Indefinite {
		p.Percent = r.percent(math.Floor(100*min(1, float64(done)/float64(total))) / 100)
	}
	return p
}
