package expr

// Function describes a function of the language for people and for completion.
type Function struct {
	Name string `json:"name"`
	// Family is the group to which the function belongs, such as Text or Dates.
	Family string `json:"family"`
	// Signature shows how to write it, see Notation: Switch(source, defaultValue?, key, value?, …).
	Signature string `json:"signature"`
	// Meaning is one line.
	Meaning    string      `json:"meaning"`
	Parameters []Parameter `json:"parameters"`
	// Gives is the class of the result: text, number, date, condition, multi-valued attribute, or anything.
	Gives string `json:"gives"`
	// Dialect is "app provisioning", or "cloud sync" for functions that Microsoft documents there only.
	Dialect string `json:"dialect"`
	// Choice says what Rollcall does where the documents are silent or contradict each other.
	Choice   string    `json:"choice,omitempty"`
	Examples []Example `json:"examples"`
}

// Parameter is one argument of a Function.
type Parameter struct {
	Name     string `json:"name"`
	Class    string `json:"class"`
	Required bool   `json:"required"`
	// Place: it may be empty, but its comma is written. Parameters that are neither this nor required may be left out at the end.
	Place bool `json:"place"`
	// Repeats: may be given again and again, together with the others that repeat.
	Repeats bool `json:"repeats"`
}

// Example shows a function at work.
type Example struct {
	Expression string `json:"expression"`
	// Attributes in the form of ParseAssignment.
	Attributes []string `json:"attributes,omitempty"`
	// Result as JSON; "" where it is drawn at random or depends on the time.
	Result string `json:"result,omitempty"`
}

// Notation says how to read a Function's Signature; sentences for people, in Markdown.
const Notation = "`name` must be given. `name?` has a place that may be empty, but its comma is written: `Switch([x], , \"key\", \"value\")`. " +
	"`[name]` may be empty as well, and at the end it may be left out together with its comma. `…` says that the last may be given again and again: in Switch the last two, key and value."

// Families returns the groups of functions in the order in which pages show them.
func Families() []string {
	titles := make([]string, len(families))
	for i, f := range families {
		titles[i] = f.title
	}
	return titles
}

// Functions describes all functions in the order of their names.
func Functions() []Function {
	list := make([]Function, len(table))
	for i := range table {
		list[i] = table[i].describe()
	}
	return list
}

func (f *function) describe() Function {
	d := Function{
		Name: f.name, Family: f.family, Signature: f.signature(), Meaning: f.meaning,
		Gives: f.gives.String(), Dialect: "app provisioning", Choice: f.choice,
		Parameters: make([]Parameter, len(f.parameters)), Examples: make([]Example, len(f.examples)),
	}
	if f.cloudSync {
		d.Dialect = "cloud sync"
	}
	least := f.least()
	for i, p := range f.parameters {
		d.Parameters[i] = Parameter{Name: p.name, Class: p.class.String(), Required: !p.optional, Place: p.optional && i < least, Repeats: i >= len(f.parameters)-f.repeat}
	}
	for i, e := range f.examples {
		d.Examples[i] = Example{Expression: e.expression, Attributes: e.attributes, Result: e.result}
	}
	return d
}
