package expr

import (
	"fmt"
	"strings"

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
		return nil
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
	compiled, err := compilePattern(pattern)
	if err != nil {
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

func compilePattern(pattern string) (*dotnet.Regexp, error) {
	compiled, err := dotnet.CompileRegexp(pattern)
	if err == nil && compiled.Size() > maxInstructions {
		return nil, fmt.Errorf("it is too large (%d steps; at most %d are allowed); use shorter repeats", compiled.Size(), maxInstructions)
	}
	return compiled, err
}

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
	return textValue(strings.ReplaceAll(text, old, value)), nil
}

// replaceMatches replaces what the pattern matches, or only the text of one of its groups.
func replaceMatches(c call, r *replacement) (Value, error) {
	source, present, err := c.text(replaceSource)
	if err != nil {
		return Value{}, err
	}
	pattern, err := c.pattern(r, source)
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
	if c.given(replaceGroup) {
		result, err = pattern.ReplaceGroup(source, group, value, MaxText)
	} else {
		result, err = pattern.Replace(source, value, MaxText)
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
	pattern, err := c.pattern(r, other)
	if err != nil {
		return Value{}, err
	}
	group, err := c.group(pattern)
	if err != nil {
		return Value{}, err
	}
	value, matched := pattern.Group(other, group)
	if !matched {
		return Value{}, nil
	}
	return textValue(value), nil
}

// pattern returns the pattern to match against a text, and charges for the work.
func (c call) pattern(r *replacement, text string) (*dotnet.Regexp, error) {
	pattern := r.pattern
	if pattern == nil {
		written, _, err := c.text(replacePattern)
		if err != nil {
			return nil, err
		}
		if err := c.charge(64 * len(written)); err != nil {
			return nil, err
		}
		if pattern, err = compilePattern(written); err != nil {
			return nil, c.fail("the pattern %s cannot be used: %s", short(written), err)
		}
	}
	return pattern, c.charge((len(text) + 1) * (1 + pattern.Size()/8))
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
