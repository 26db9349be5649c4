package expr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/dotnet"
)

// function is an entry of the function table.
type function struct {
	name string
	// family is the title of the group, set by sorted.
	family string
	// meaning is one line for people.
	meaning string
	// parameters in their order.
	parameters []parameter
	// repeat is how many of the last parameters may be given again and again.
	repeat int
	// places: also a parameter at the end that is optional needs its place, behind a comma.
	places bool
	// gives is the class of the result.
	gives class
	// outermost: the function decides about the whole attribute and cannot stand inside another.
	outermost bool
	uses      Uses
	// adapt makes another documented way to pass the arguments the usual one; nil if there is none.
	adapt func(arguments []*node) []*node
	// prepare checks the constant arguments further and makes what evaluate finds in node.prepared; nil if there is nothing to do. It is
	// called, so that everything wrong is told at once, even if an argument is empty or of the wrong class.
	prepare func(*preparation) any
	// evaluate computes one call. It evaluates each argument at most once, and only those it needs.
	evaluate func(call) (Value, error)
	// examples for the reference page, each of which a test runs; at least one.
	examples []example
	// cloudSync: documented for cloud sync only, not for app provisioning.
	cloudSync bool
	// choice says what we chose where the documents are silent, contradict each other or describe what does not work; "" if there was
	// nothing to choose. Whole sentences.
	choice string
}

// example is an expression with the attributes it needs, as ParseAssignment reads them, and its result as JSON.
type example struct {
	expression string
	attributes []string
	result     string
}

type parameter struct {
	name  string
	class class
	// optional parameters may be left out, by an empty argument or at the end.
	optional bool
}

func required(c class, names ...string) []parameter { return parameters(false, c, names) }

func optional(c class, names ...string) []parameter { return parameters(true, c, names) }

func parameters(optional bool, c class, names []string) []parameter {
	list := make([]parameter, len(names))
	for i, name := range names {
		list[i] = parameter{name: name, class: c, optional: optional}
	}
	return list
}

// family is a group of functions, for people.
type family struct {
	title     string
	functions []function
}

// families holds every function, in the order of the reference page. What they do is Microsoft's "Reference for writing expressions for
// attribute mappings in Microsoft Entra ID", and for those marked so its reference for cloud sync.
var families = []family{
	{"Text", textFunctions},
	{"Letters and words", letterFunctions},
	{"Patterns", patternFunctions},
	{"Conditions", conditionFunctions},
	{"Numbers and types", numberFunctions},
	{"Dates", dateFunctions},
	{"Several values", listFunctions},
	{"Encodings", encodingFunctions},
	{"Random values", randomFunctions},
	{"Uniqueness, errors and logs", uniqueFunctions},
	{"App roles", roleFunctions},
}

// table lists the functions in the order of their names.
var table = sorted(families)

func sorted(families []family) []function {
	var functions []function
	for _, f := range families {
		for _, one := range f.functions {
			one.family = f.title
			functions = append(functions, one)
		}
	}
	slices.SortFunc(functions, func(a, b function) int { return compareNames(a.name, b.name) })
	return functions
}

// compareNames orders names as people look them up, without regard to case. No two functions differ in case only.
func compareNames(a, b string) int {
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
}

// elsewhere are functions that Entra documents and Rollcall leaves out, with the reason.
var elsewhere = map[string]string{
	"DefaultDomain": "Entra has DefaultDomain, Rollcall does not; write the domain as text, or take it from [userPrincipalName]",
}

// findFunction looks a function up; names are compared with their case, as Entra does.
func findFunction(name token) (*function, *failure) {
	i, found := slices.BinarySearchFunc(table, name.text, func(f function, name string) int { return compareNames(f.name, name) })
	if found {
		return &table[i], nil
	}
	if reason := elsewhere[name.text]; reason != "" {
		return nil, failAt(name.at, "%s", reason)
	}
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].name
	}
	if near := cmp.Or(attr.Nearest(name.text, names), containing(name.text, names)); near != "" {
		return nil, failAt(name.at, "there is no function %s; the nearest is %s", clipped(name.text), near)
	}
	return nil, failAt(name.at, "there is no function %s; `rollcall expr functions` lists all", clipped(name.text))
}

// containing returns the shortest name of which the part is a good part, upper and lower case aside: IIF for If, ToLower for Lower.
func containing(part string, names []string) string {
	shortest := ""
	for _, name := range names {
		if strings.Contains(strings.ToLower(name), strings.ToLower(part)) && len(name) < 3*len(part) && (shortest == "" || len(name) < len(shortest)) {
			shortest = name
		}
	}
	return shortest
}

// check compares the arguments with the parameters; it takes those away that are left out behind the last parameter. Patterns are compiled
// from the budget.
func (f *function) check(call *node, patterns *dotnet.Budget) []*failure {
	if f.adapt != nil {
		call.arguments = f.adapt(call.arguments)
	}
	arguments, most := call.arguments, len(f.parameters)
	for f.repeat == 0 && len(arguments) > most && arguments[len(arguments)-1] == nil {
		arguments = arguments[:len(arguments)-1]
	}
	least, count := f.least(), len(arguments)
	call.arguments = arguments
	if count < least || f.repeat == 0 && count > most || f.repeat > 0 && (count-most)%f.repeat != 0 {
		return []*failure{failAt(call.at, "%s is written %s (%s); here it has %s%s", f.name, f.signature(), f.meaning, counted(count), f.emptyPlaces())}
	}
	var failures []*failure
	for i, argument := range arguments {
		p := f.parameter(i)
		if argument == nil && !p.optional {
			failures = append(failures, failAt(call.at, "%s is written %s (%s); here argument %d, %s, is empty", f.name, f.signature(), f.meaning, i+1, p.name))
		} else if wrong := argument.misfit(p.class); wrong != "" {
			failures = append(failures, failAt(argument.at, "%s of %s %s", p.name, f.name, wrong))
		}
	}
	if f.prepare != nil {
		p := preparation{call: call, patterns: patterns}
		call.prepared = f.prepare(&p)
		failures = append(failures, p.failures...)
	}
	return failures
}

// parameter returns the parameter that argument i stands for.
func (f *function) parameter(i int) parameter {
	if i >= len(f.parameters) {
		i = len(f.parameters) - f.repeat + (i-len(f.parameters))%f.repeat
	}
	return f.parameters[i]
}

// least is how many places a call has at least: the optional ones at the end may be left out.
func (f *function) least() int {
	least := len(f.parameters)
	for f.repeat == 0 && !f.places && least > 0 && f.parameters[least-1].optional {
		least--
	}
	return least
}

// emptyPlaces is a hint for whoever left out a place with its comma; "" if all places must be filled.
func (f *function) emptyPlaces() string {
	for _, p := range f.parameters[:f.least()] {
		if p.optional {
			return "; leave a place empty by writing its comma"
		}
	}
	return ""
}

// signature shows how to write the function, see Notation.
func (f *function) signature() string {
	names := make([]string, 0, len(f.parameters)+1)
	least := f.least()
	for i, p := range f.parameters {
		switch {
		case p.optional && i >= least:
			names = append(names, "["+p.name+"]")
		case p.optional:
			names = append(names, p.name+"?")
		default:
			names = append(names, p.name)
		}
	}
	if f.repeat > 0 {
		names = append(names, "…")
	}
	return f.name + "(" + strings.Join(names, ", ") + ")"
}

func counted(arguments int) string {
	switch arguments {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return strconv.Itoa(arguments) + " arguments"
}

// preparation is what a function sees of a call before any record is there.
type preparation struct {
	call     *node
	patterns *dotnet.Budget
	failures []*failure
}

// constant returns an argument, counted from 0, as text; false if it depends on the record or was left out.
func (p *preparation) constant(i int) (string, bool) {
	if !p.given(i) {
		return "", false
	}
	value, ok := p.call.arguments[i].constant()
	text, single := value.Text()
	return text, ok && single
}

// number returns a constant argument as a whole number; false if it is none.
func (p *preparation) number(i int) (int64, bool) {
	if !p.given(i) {
		return 0, false
	}
	value, ok := p.call.arguments[i].constant()
	number, whole := value.asInteger()
	return number, ok && whole
}

// given reports whether the argument was written.
func (p *preparation) given(i int) bool {
	return i < len(p.call.arguments) && p.call.arguments[i] != nil
}

// fail tells what is wrong with an argument.
func (p *preparation) fail(i int, format string, args ...any) {
	at := p.call.at
	if p.given(i) {
		at = p.call.arguments[i].at
	}
	failed := failAt(at, format, args...)
	failed.message = p.call.function.parameter(i).name + " of " + p.call.function.name + " " + failed.message
	p.failures = append(p.failures, failed)
}
