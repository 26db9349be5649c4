package secret

import "log/slog"

const redacted = "[redacted]"

// Text is a credential in memory. Printing, logging and encoding it give "[redacted]"; only Reveal gives the text itself, so that a
// search for Reveal finds every place where a credential leaves the process.
type Text string

// Reveal returns the text.
func (t Text) Reveal() string { return string(t) }

// String returns "[redacted]", or "" for no text: that a credential is missing may be known.
func (t Text) String() string {
	if t == "" {
		return ""
	}
	return redacted
}

// GoString is what %#v prints.
func (t Text) GoString() string { return `secret.Text("` + t.String() + `")` }

// MarshalText is what JSON, XML and YAML get. There is no way back: reading gives the text as it is.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue is what slog gets.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }
