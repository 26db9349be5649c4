package console

import (
	"net/http"
	"strconv"
	"strings"

	"rollcall/internal/attr"
)

// formField is one attribute in the form of a user or group. Its label is the word of its name behind the form's prefix.
type formField struct {
	name, path, kind string
	complete         string
	required         bool
	max              int
}

// fields makes the inputs of a form: what was posted, else what the record has. A value that is not a text is shown and not changed.
func (r *request) fields(prefix string, list []formField, record attr.Record) []Field {
	inputs := make([]Field, len(list))
	for i, field := range list {
		value := record.Get(field.path)
		text, isText := value.(string)
		inputs[i] = Field{
			Name: field.name, Label: r.say(prefix + field.name), Type: field.kind, Value: text, Required: field.required, Max: field.max, Complete: field.complete,
		}
		switch {
		case field.kind == "checkbox":
			inputs[i].Checked = value == nil || record.Bool(field.path)
		case value != nil && !isText:
			inputs[i].Value, inputs[i].Locked = shownValue(value), true
		}
		if r.Method == http.MethodPost { // refused: he goes on with what he wrote
			inputs[i].Value, inputs[i].Checked = r.value(field.name), r.value(field.name) != ""
		}
	}
	return inputs
}

// changed returns the attributes that the posted form changes of a record; nil removes one. What a browser does to a text that nobody touched
// is no change.
func (r *request) changed(list []formField, record attr.Record) attr.Record {
	var changes attr.Record
	for _, field := range list {
		now, posted := record.Get(field.path), r.value(field.name)
		if field.kind == "checkbox" {
			if is := posted != ""; now == nil || is != record.Bool(field.path) {
				changes.Set(field.path, is)
			}
			continue
		}
		was, isText := now.(string)
		switch {
		case now != nil && !isText, posted == asPosted(was):
		case posted == "":
			changes.Set(field.path, nil)
		default:
			changes.Set(field.path, posted)
		}
	}
	return changes
}

// asPosted is what comes back of a text from an input of one line.
func asPosted(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(text))
}

// version is the one that the form showed; 0 for whatever is there.
func (r *request) version() int64 {
	version, err := strconv.ParseInt(r.value("version"), 10, 64)
	if err != nil {
		return 0
	}
	return version
}
