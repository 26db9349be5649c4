package cli

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/clock"
	"rollcall/internal/dotnet"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/source"
)

type exprEvalCommand struct {
	expressionArgument
	Attribute []string `help:"Attribute of the user: name=text, or name:=JSON for anything else, such as 'proxyAddresses:=[\"a\",\"b\"]'." placeholder:"NAME=VALUE" sep:"none" short:"a"`
	Record    string   `help:"JSON file with a user as Microsoft Graph gives it, or with attributes by their names; - reads standard input. -a goes before it." placeholder:"FILE"`
	Now       string   `help:"Time for Now(), such as 2026-05-04T09:00:00Z or '5/4/2026 9:00:00 AM'; the machine's without it." placeholder:"TIME"`
	Taken     []string `help:"Value that another object has, for SelectUniqueValue; may be given again." placeholder:"VALUE" sep:"none"`
	JSON      bool     `help:"Print an object with value, action, reason and attributes." name:"json"`
}

// Help gives examples.
func (exprEvalCommand) Help() string {
	return `Example: rollcall expr eval -a surname=Lovelace 'ToUpper([surname])'

Null is no value. An expression may ask for something else than a value: {"$action":"ignoreAttribute"}, "ignoreObject" or "escrow".
Several -a of one name make several values. Guid and RandomString are drawn anew each time.`
}

// evaluated is what --json prints.
type evaluated struct {
	Value  any    `json:"value"`
	Action string `json:"action"`
	Reason string `json:"reason,omitempty"`
	// Attributes that were looked at.
	Attributes map[string]any `json:"attributes"`
}

// Run evaluates.
func (c *exprEvalCommand) Run(in *invocation) error {
	if c.Expression == "-" && c.Record == "-" {
		return fault.New(fault.Invalid, "Usage", "both the expression and --record are to come from standard input").WithRemedy("Give one of them as a file or an argument.")
	}
	text, err := c.text(in)
	if err != nil {
		return err
	}
	expression, err := expr.Parse(text, nil)
	if err != nil {
		return err
	}
	user, err := c.user(in)
	if err != nil {
		return err
	}
	now, err := c.now()
	if err != nil {
		return err
	}
	result, err := expression.Evaluate(&expr.Input{
		Attribute: user.attribute, Now: now, Random: rand.Reader,
		Taken: func(value string) (bool, error) { return slices.Contains(c.Taken, value), nil },
	})
	if err != nil {
		return user.explain(err)
	}
	for _, name := range slices.Sorted(maps.Keys(user.assigned)) {
		if !slices.Contains(expression.Attributes(), name) {
			in.say("Note: the expression does not refer to %s, which was given.", printable(name))
		}
	}
	if expression.Uses().Redact {
		in.say("Note: the value is written, but wherever it is shown otherwise stands %s in its place (Redact).", expr.Redacted)
	}
	return c.print(in, result, user)
}

func (c *exprEvalCommand) print(in *invocation, result expr.Result, user *evaluatedUser) error {
	value := jsonValue(result.Value)
	switch {
	case c.JSON:
		return writeJSON(in.stdout, evaluated{Value: value, Action: result.Action.String(), Reason: result.Reason, Attributes: user.looked})
	case result.Action != expr.Flow:
		instead := map[string]string{"$action": result.Action.String()}
		if result.Reason != "" {
			instead["reason"] = result.Reason
		}
		value = instead
	}
	encoder := json.NewEncoder(in.stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// jsonValue is a value for JSON; a number has all its digits.
func jsonValue(value expr.Value) any {
	if text, _ := value.Text(); value.Kind() == expr.Number && json.Valid([]byte(text)) {
		return json.Number(text)
	}
	return value.Any()
}

// now is the time for Now().
func (c *exprEvalCommand) now() (time.Time, error) {
	if c.Now == "" {
		return clock.System(), nil
	}
	if at, err := time.Parse(time.RFC3339, c.Now); err == nil {
		return at.UTC(), nil
	}
	at, err := dotnet.ReadTime(c.Now)
	if err != nil {
		return at, fault.New(fault.Invalid, "BadTime", "--now %q is no time", c.Now).WithRemedy("Write it like 2026-05-04T09:00:00Z or 5/4/2026 9:00:00 AM.")
	}
	return at, nil
}

// evaluatedUser gives an expression its attributes.
type evaluatedUser struct {
	assigned expr.Record
	// named are the members of the file by their names; graph is the same as a user of the tenant. Without a file there is no graph.
	named map[string]any
	graph *source.User
	// looked are the attributes that were looked at.
	looked map[string]any
}

func (c *exprEvalCommand) user(in *invocation) (*evaluatedUser, error) {
	user := &evaluatedUser{looked: map[string]any{}}
	var err error
	if user.assigned, err = expr.ParseRecord(c.Attribute); err != nil {
		return nil, fault.Wrap(fault.Invalid, "BadAttribute", err, "--attribute").WithRemedy("Write -a surname=Lovelace, or -a 'proxyAddresses:=[\"a\",\"b\"]'.")
	}
	if c.Record == "" {
		return user, nil
	}
	text, err := readFile(in, c.Record, "the record")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &user.named); err != nil || user.named == nil {
		return nil, fault.New(fault.Invalid, "BadRecord", "%s (--record) does not hold one JSON object", c.Record).
			WithRemedy("It is a user as Microsoft Graph gives it: {\"surname\": \"Lovelace\", …}.")
	}
	user.graph = &source.User{Record: attr.From(user.named)}
	for i, field := range user.graph.Record {
		user.graph.Record[i].Value = attr.Canonical(field.Value)
	}
	user.graph.ID = user.graph.Record.Text("id")
	enabled, told := user.graph.Record.Get("accountEnabled").(bool)
	user.graph.SoftDeleted = told && !enabled
	return user, nil
}

// attribute returns what was assigned, else the member of the file, else what a user of the tenant with such a record has by that name.
func (u *evaluatedUser) attribute(name string) any {
	value, found := u.assigned[name]
	if !found {
		value, found = u.named[name]
	}
	if !found && u.graph != nil {
		if attribute, err := source.Find(name); err == nil {
			value = attribute.Read(*u.graph)
		}
	}
	u.looked[name] = value
	return value
}

// explain adds to an error what was not given.
func (u *evaluatedUser) explain(err error) error {
	var without []string
	for _, name := range slices.Sorted(maps.Keys(u.looked)) {
		if u.looked[name] == nil {
			without = append(without, "["+name+"]")
		}
	}
	if f := fault.Of(err); f != nil && without != nil {
		told := *f
		return told.WithRemedy("No value was given for %s; give one with -a name=value.", strings.Join(without, ", "))
	}
	return err
}
