package expr

import (
	"slices"
	"strconv"
	"strings"
)

// function is an entry of the function table.
type function struct {
	name string
	// meaning is one line for people.
	meaning string
	// parameters in their order.
	parameters []parameter
	// repeat is how many of the last parameters may be given again and again.
	repeat int
	// evaluate computes one call. It evaluates each argument at most once, and only those it needs.
	evaluate func(call) (Value, error)
}

type parameter struct {
	name string
	// optional parameters may be left out, by an empty argument or at the end.
	optional bool
}

func required(names ...string) []parameter {
	parameters := make([]parameter, len(names))
	for i, name := range names {
		parameters[i] = parameter{name: name}
	}
	return parameters
}

// table lists the functions in the order of their names. What they do is Microsoft's "Reference for writing expressions for attribute
// mappings in Microsoft Entra ID"; Trim is of the dialect of cloud sync. Where the page is silent, the function's comment says what we chose.
var table = []function{
	{name: "Append", meaning: "the source followed by the suffix", parameters: required("source", "suffix"), evaluate: evaluateAppend},
	{name: "Coalesce", meaning: "the first argument that is not null", parameters: required("source"), repeat: 1, evaluate: evaluateCoalesce},
	{name: "IIF", meaning: "one value if the condition is true, else the other", parameters: []parameter{{name: "condition"}, {name: "valueIfTrue", optional: true}, {name: "valueIfFalse", optional: true}}, evaluate: evaluateIIF},
	{name: "IsNull", meaning: "True if the attribute has no value", parameters: required("expression"), evaluate: evaluateIsNull},
	{name: "IsNullOrEmpty", meaning: "True if the attribute has no value or an empty one", parameters: required("expression"), evaluate: evaluateIsNullOrEmpty},
	{name: "IsPresent", meaning: "True if the attribute has a value that is not empty", parameters: required("expression"), evaluate: evaluateIsPresent},
	{name: "Join", meaning: "the sources that are not empty, with the separator between them", parameters: required("separator", "source"), repeat: 1, evaluate: evaluateJoin},
	{name: "Left", meaning: "the first characters of the source", parameters: required("source", "numChars"), evaluate: evaluateLeft},
	{name: "Mid", meaning: "a part of the source, from a position counted from 1", parameters: required("source", "start", "length"), evaluate: evaluateMid},
	{name: "Not", meaning: "False if the source is True, else True", parameters: required("source"), evaluate: evaluateNot},
	{name: "StripSpaces", meaning: "the source without its spaces", parameters: required("source"), evaluate: evaluateStripSpaces},
	{name: "Switch", meaning: "the value behind the key that equals the source, else the default", parameters: []parameter{{name: "source"}, {name: "defaultValue", optional: true}, {name: "key"}, {name: "value", optional: true}}, repeat: 2, evaluate: evaluateSwitch},
	{name: "ToLower", meaning: "the source in lower case", parameters: []parameter{{name: "source"}, {name: "culture", optional: true}}, evaluate: evaluateToLower},
	{name: "ToUpper", meaning: "the source in upper case", parameters: []parameter{{name: "source"}, {name: "culture", optional: true}}, evaluate: evaluateToUpper},
	{name: "Trim", meaning: "the source without white space around it", parameters: required("value"), evaluate: evaluateTrim},
}

// findFunction looks a function up; names are compared with their case, as Entra does.
func findFunction(name token) (*function, error) {
	i, found := slices.BinarySearchFunc(table, name.text, func(f function, name string) int { return strings.Compare(f.name, name) })
	if found {
		return &table[i], nil
	}
	known := make([]string, len(table))
	for i, f := range table {
		if strings.EqualFold(f.name, name.text) {
			return nil, failAt(name.at, "there is no function %s; write %s", name.text, f.name)
		}
		known[i] = f.name
	}
	return nil, failAt(name.at, "there is no function %s; known are %s", name.text, strings.Join(known, ", "))
}

// check compares the arguments with the parameters and returns them without those left out behind the last parameter.
func (f *function) check(at int, arguments []*node) ([]*node, error) {
	most := len(f.parameters)
	for f.repeat == 0 && len(arguments) > most && arguments[len(arguments)-1] == nil {
		arguments = arguments[:len(arguments)-1]
	}
	least := most
	for f.repeat == 0 && least > 0 && f.parameters[least-1].optional {
		least--
	}
	count := len(arguments)
	if count < least || f.repeat == 0 && count > most || f.repeat > 0 && (count-most)%f.repeat != 0 {
		return nil, failAt(at, "%s is written %s (%s); here it has %s", f.name, f.signature(), f.meaning, counted(count))
	}
	for i, argument := range arguments {
		if p := f.parameter(i); argument == nil && !p.optional {
			return nil, failAt(at, "%s is written %s (%s); here argument %d, %s, is empty", f.name, f.signature(), f.meaning, i+1, p.name)
		}
	}
	return arguments, nil
}

// parameter returns the parameter that argument i stands for.
func (f *function) parameter(i int) parameter {
	if i >= len(f.parameters) {
		i = len(f.parameters) - f.repeat + (i-len(f.parameters))%f.repeat
	}
	return f.parameters[i]
}

// signature shows how to write the function: Switch(source, [defaultValue], key, [value], …).
func (f *function) signature() string {
	names := make([]string, 0, len(f.parameters)+1)
	for _, p := range f.parameters {
		if p.optional {
			names = append(names, "["+p.name+"]")
		} else {
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
