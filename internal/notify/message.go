package notify

import (
	_ "embed" // the page of a mail
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"
)

//go:embed message.html
var page string

// Message is a mail as people read it. Subject is one line.
type Message struct{ Subject, Text, HTML string }

// row is a fact with its label.
type row struct{ Label, Value string }

type letter struct {
	Language, Subject, Text, Colon, Link, LinkText, Footer string
	Rows                                                   []row
}

// write makes the message of an event in a language; base is the public address of the server.
func (w words) write(name string, kind Kind, f Facts, base string) (Message, error) {
	key := string(kind)
	fill := []string{"instance", f.Instance, "name", f.Name, "what", w.say("what." + f.Credential), "when", w.say("when." + f.Notice)}
	l := letter{
		Language: name, Subject: oneLine(w.say(key+".subject", fill...)), Text: w.say(key+".text", fill...), Colon: w["colon"],
		LinkText: w.say("link." + key), Footer: w.say("footer"), Rows: w.rows(kind, f),
	}
	if f.Path != "" {
		l.Link = strings.TrimRight(base, "/") + f.Path
	}
	parsed, err := template.New("message").Parse(page)
	if err != nil {
		return Message{}, err
	}
	var html strings.Builder
	if err := parsed.Execute(&html, l); err != nil {
		return Message{}, err
	}
	return Message{Subject: l.Subject, Text: l.plain(), HTML: html.String()}, nil
}

// rows are the facts that a kind of mail lists.
func (w words) rows(kind Kind, f Facts) []row {
	var rows []row
	add := func(label, value string) {
		if value = oneLine(value); value != "" {
			rows = append(rows, row{w.say("label." + label), value})
		}
	}
	add("instance", f.Instance)
	add("tenant", f.Tenant)
	switch kind {
	case QuarantineBegun, QuarantineChanged, Disabled:
		w.cause(f, add)
		add("since", moment(f.Since))
	case Overdue:
		since := moment(f.Since)
		if since == "" {
			since = w.say("never")
		}
		add("lastGood", since)
		w.cause(f, add)
	case Held:
		add("users", count(f.Users))
		add("groups", count(f.Groups))
		add("members", count(f.Members))
		add("reason", f.Reason)
	case CredentialEnds:
		add("name", f.Name)
		add("ends", moment(f.Ends))
	case Test:
	}
	return rows
}

// cause says why runs fail: in the words of the language where it has some, and in those of the server.
func (w words) cause(f Facts, add func(label, value string)) {
	if known := w.say("cause." + f.Code); known != "" {
		add("reason", known)
		add("message", f.Reason)
		return
	}
	add("reason", f.Reason)
	add("remedy", f.Remedy)
}

func (l letter) plain() string {
	var out strings.Builder
	out.WriteString(l.Text + "\n")
	if len(l.Rows) > 0 {
		out.WriteString("\n")
	}
	for _, row := range l.Rows {
		out.WriteString(row.Label + l.Colon + row.Value + "\n")
	}
	if l.Link != "" {
		out.WriteString("\n" + l.LinkText + l.Colon + l.Link + "\n")
	}
	out.WriteString("\n-- \n" + l.Footer + "\n")
	return out.String()
}

// longestLine bounds names and reasons, which others may have chosen.
const longestLine = 1000

// oneLine makes one line of a text that others may have chosen: what is no visible character becomes a space, so that nothing of it can begin a header.
func oneLine(text string) string {
	visible := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	visible = strings.Join(strings.Fields(visible), " ")
	if runes := []rune(visible); len(runes) > longestLine {
		return string(runes[:longestLine]) + "…"
	}
	return visible
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04 UTC")
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
