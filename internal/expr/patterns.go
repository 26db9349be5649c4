package expr

import (
	"strings"
	"sync/atomic"

	"rollcall/internal/dotnet"
)

var patternFunctions = []function{
	{
		name: "Replace", meaning: "the source with a text or a pattern replaced", gives: aText,
		parameters: append(required(aText, "source"), optional(aText, "oldValue", "regexPattern", "regexGroupName", "replacementValue", "replacementAttributeName", "template")...),
		prepare:    prepareReplace, evaluate: evaluateReplace,
		examples: []example{
			{`Replace([mail], "@contoso.com", , ,"", ,)`, []string{"mail=john.doe@contoso.com"}, `"john.doe"`},
			{`Replace([UserID], "<username>", , , , , "<username>@contoso.com")`, []string{"UserID=jsmith"}, `"jsmith@contoso.com"`},
			{`Replace([telephoneNumber], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", , "${phoneNumber}", , )`, []string{"telephoneNumber=+91 9998887777"}, `"9998887777"`},
			{`Replace([userPrincipalName], , "(?<Suffix>@(.)*)", "Suffix", "", , )`, []string{"userPrincipalName=jsmith@contoso.com"}, `"jsmith"`},
			{`Replace([telephoneNumber], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", "phoneNumber", , [mobile], )`, []string{"telephoneNumber=", "mobile=+91 8887779999"}, `"8887779999"`},
		},
		choice: "The arguments that are written decide what Replace does; \"\" is written, an empty place is not. Patterns are those of .NET as far as the engine, which takes linear time, can follow: no look-around and no back-references. " +
			"A source without value counts as empty for a pattern, so that \"^$\" matches it; with a template it gives null. With replacementAttributeName a source that has a value is returned, as the reference says; the page of cloud sync says the reverse.",
	},
}

// Places of the arguments of Replace.
const (
	replaceSource = iota
	replaceOld
	replacePattern
	replaceGroup
	replaceValue
	replaceAttribute
	replaceTemplate
)

// replacement is how a call of Replace works.
type replacement struct {
	run func(call, *replacement) (Value, error)
	// pattern is set if the pattern is a constant.
	pattern *dotnet.Regexp
	// last is the pattern of the evaluation before, by whichever goroutine, if it is no constant.
	last atomic.Pointer[lastPattern]
}

// lastPattern is a pattern that an evaluation compiled, and what it took. It is charged each time it is used, so that results do not depend
// on what was evaluated before.
type lastPattern struct {
	text  string
	steps int
	*dotnet.Regexp
}

// modes has a bit for each argument of Replace behind the source.
var modes = map[int]func(call, *replacement) (Value, error){
	1<<replaceOld | 1<<replaceValue:                           replaceOldValue,
	1<<replaceOld | 1<<replaceTemplate:                        replaceInTemplate,
	1<<replacePattern | 1<<replaceValue:                       replaceMatches,
	1<<replacePattern | 1<<replaceGroup | 1<<replaceValue:     replaceMatches,
	1<<replacePattern | 1<<replaceGroup | 1<<replaceAttribute: replaceMissing,
}

const modesInWords = "oldValue with replacementValue, oldValue with template, regexPattern with replacementValue, " +
	"regexPattern with regexGroupName and replacementValue, or regexPattern with regexGroupName and replacementAttributeName"

// prepareReplace finds out what the call does and compiles a constant pattern.
func prepareReplace(p *preparation) any {
	mode := 0
	for i := replaceOld; i <= replaceTemplate; i++ {
		if p.given(i) {
			mode |= 1 << i
		}
	}
	r := &replacement{run: modes[mode]}
	if r.run == nil {
		p.fail(replaceSource, "can be followed by %s; an argument that is not used stays empty, without quotes", modesInWords)
	}
	if old, constant := p.constant(replaceOld); constant && old == "" {
		p.fail(replaceOld, "is empty; there is nothing to look for")
	}
	if group, constant := p.constant(replaceGroup); constant && group == "" {
		p.fail(replaceGroup, "is empty; it names a group of the pattern")
	}
	pattern, constant := p.constant(replacePattern)
	if !constant {
		return r
	}
	if p.patterns.Steps < 0 { // it has been told
		return nil
	}
	compiled, err := dotnet.CompileRegexpWithin(pattern, maxInstructions, p.patterns)
	switch {
	case p.patterns.Steps < 0:
		p.fail(replacePattern, "cannot be used: the patterns of the expression are too large together; write fewer, or repeat less in them")
		return nil
	case err != nil:
		p.fail(replacePattern, "cannot be used: %s", err)
		return nil
	}
	r.pattern = compiled
	if group, constant := p.constant(replaceGroup); constant && group != "" && !compiled.HasGroup(group) {
		p.fail(replaceGroup, "is %s; the pattern has no such group", short(group))
	}
	return r
}

// maxInstructions bounds a compiled pattern: an expression can hold hundreds of them.
const maxInstructions = 2000

func evaluateReplace(c call) (Value, error) {
	r, ok := c.node.prepared.(*replacement)
	if !ok { // Parse prepares every call
		return Value{}, c.fail("the call was not prepared")
	}
	return r.run(c, r)
}

// replaceOldValue replaces each occurrence of a text.
func replaceOldValue(c call, _ *replacement) (Value, error) {
	source, present, err := c.text(replaceSource)
	if err != nil || !present {
		return Value{}, err
	}
	old, _, err := c.text(replaceOld)
	if err != nil {
		return Value{}, err
	}
	value, _, err := c.text(replaceValue)
	if err != nil {
		return Value{}, err
	}
	return c.substitute(source, old, value)
}

// replaceInTemplate puts the source into the template.
func replaceInTemplate(c call, _ *replacement) (Value, error) {
	source, _, err := c.text(replaceSource)
	if err != nil || source == "" {
		return Value{}, err
	}
	old, _, err := c.text(replaceOld)
	if err != nil {
		return Value{}, err
	}
	template, _, err := c.text(replaceTemplate)
	if err != nil {
		return Value{}, err
	}
	return c.substitute(template, old, source)
}

// substitute replaces each occurrence of old, none if old is empty; it does not build what would be too long.
func (c call) substitute(text, old, value string) (Value, error) {
	if old == "" {
		return c.made(text)
	}
	if length := len(text) + strings.Count(text, old)*(len(value)-len(old)); length > MaxText {
		return Value{}, c.fail("the result has %d bytes; at most %d are allowed", length, MaxText)
	}
	return c.made(strings.ReplaceAll(text, old, value))
}

// replaceMatches replaces what the pattern matches, or only the text of one of its groups.
func replaceMatches(c call, r *replacement) (Value, error) {
	source, present, err := c.text(replaceSource)
	if err != nil {
		return Value{}, err
	}
	pattern, err := c.pattern(r)
	if err != nil {
		return Value{}, err
	}
	group, err := c.group(pattern)
	if err != nil {
		return Value{}, err
	}
	value, _, err := c.text(replaceValue)
	if err != nil {
		return Value{}, err
	}
	var result string
	spent := c.match(func(budget *dotnet.Budget) {
		if c.given(replaceGroup) {
			result, err = pattern.ReplaceGroup(source, group, value, MaxText, budget)
		} else {
			result, err = pattern.Replace(source, value, MaxText, budget)
		}
	})
	if spent != nil {
		return Value{}, spent
	}
	if err != nil {
		return Value{}, c.fail("%s", err)
	}
	if !present && result == "" {
		return Value{}, nil
	}
	return c.made(result)
}

// replaceMissing returns the source; if it has no value, what the group matches in the other attribute.
func replaceMissing(c call, r *replacement) (Value, error) {
	source, _, err := c.text(replaceSource)
	if err != nil {
		return Value{}, err
	}
	if source != "" {
		return textValue(source), nil
	}
	other, _, err := c.text(replaceAttribute)
	if err != nil {
		return Value{}, err
	}
	pattern, err := c.pattern(r)
	if err != nil {
		return Value{}, err
	}
	group, err := c.group(pattern)
	if err != nil {
		return Value{}, err
	}
	var value string
	var matched bool
	spent := c.match(func(budget *dotnet.Budget) { value, matched, err = pattern.Group(other, group, budget) })
	switch {
	case spent != nil:
		return Value{}, spent
	case err != nil:
		return Value{}, c.fail("%s", err)
	case !matched:
		return Value{}, nil
	}
	return textValue(value), nil
}

// match lets a pattern work with all that is left of the evaluation's work, and charges what it took.
func (c call) match(run func(*dotnet.Budget)) error {
	left := MaxWork - c.in.work
	budget := dotnet.Budget{Steps: left}
	run(&budget)
	return c.charge(left - budget.Steps)
}

// pattern returns the pattern of the call, and charges for compiling it if it is no constant.
func (c call) pattern(r *replacement) (*dotnet.Regexp, error) {
	if r.pattern != nil {
		return r.pattern, nil
	}
	written, _, err := c.text(replacePattern)
	if err != nil {
		return nil, err
	}
	if last := r.last.Load(); last != nil && last.text == written {
		return last.Regexp, c.charge(last.steps)
	}
	var compiled *dotnet.Regexp
	before := c.in.work
	if spent := c.match(func(budget *dotnet.Budget) {
		compiled, err = dotnet.CompileRegexpWithin(written, maxInstructions, budget)
	}); spent != nil {
		return nil, spent
	}
	if err != nil {
		return nil, c.fail("the pattern %s cannot be used: %s", short(written), err)
	}
	r.last.Store(&lastPattern{text: written, steps: c.in.work - before, Regexp: compiled})
	return compiled, nil
}

// group returns the name of the group, "" if none is asked for.
func (c call) group(pattern *dotnet.Regexp) (string, error) {
	if !c.given(replaceGroup) {
		return "", nil
	}
	group, _, err := c.text(replaceGroup)
	if err == nil && !pattern.HasGroup(group) {
		err = c.fail("the pattern has no group %s", short(group))
	}
	return group, err
}
