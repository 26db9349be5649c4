package dotnet

import (
	"math"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"

	"rollcall/internal/fault"
)

// maxThreads bounds what a compiled pattern may need to run: its instructions times the positions that it captures, eight bytes each and
// twice.
const maxThreads = 100_000

// Regexp is a compiled .NET regular expression. It may be used by several goroutines at once.
type Regexp struct {
	prog     *syntax.Prog
	sets     matchSets
	groups   groups
	slots    int
	machines sync.Pool
}

// CompileRegexp compiles a .NET pattern. Beyond what regexp of Go knows, it has the classes of .NET (\d, \w and \s are Unicode's,
// [a-z-[aeiou]] subtracts), \b between letters of any script, $ before a last newline, \G, the options i m n s x, and the
// numbering of groups: unnamed groups first, then named ones.
//
// Every error is a *PatternError: for what is not .NET; for what takes backtracking (look-around, back-references, atomic groups,
// conditions, balancing groups); for a pattern over 2,000 characters, over 20,000 instructions or over 40,000 ranges of characters in
// its classes. Characters are Unicode's, not UTF-16 units: a dot matches an emoji whole.
func CompileRegexp(pattern string) (*Regexp, error) {
	return CompileRegexpWithin(pattern, maxProgram, &Budget{Steps: math.MaxInt})
}

// CompileRegexpWithin compiles a pattern as CompileRegexp does, to at most so many instructions, up to 20,000, and takes what it costs from
// the budget, whether it succeeds or not. If the budget does not suffice, the error says that the pattern is too large.
func CompileRegexpWithin(pattern string, instructions int, budget *Budget) (*Regexp, error) {
	p := newPattern(pattern, instructions, budget)
	whole, err := p.parse()
	if err != nil {
		return nil, err
	}
	if !budget.spend(stepsToCompile * whole.size) {
		return nil, p.tooLarge(0)
	}
	prog, err := syntax.Compile(whole.re.Simplify())
	if err != nil {
		return nil, patternErrorf(0, "The pattern cannot be compiled: %v", err)
	}
	r := &Regexp{prog: prog, sets: newMatchSets(prog), groups: p.groups, slots: p.groups.count()}
	switch {
	case len(prog.Inst) > instructions:
		return nil, p.tooLarge(0)
	case len(prog.Inst)*r.slots*2 > maxThreads:
		return nil, patternErrorf(0, "The pattern has too many groups for its size; use (?: where nothing needs what the group captures")
	}
	return r, nil
}

// Size returns how many instructions the pattern compiled to.
func (r *Regexp) Size() int { return len(r.prog.Inst) }

// HasGroup reports whether the pattern has a group of this name or number; 0 is the whole match.
func (r *Regexp) HasGroup(name string) bool {
	_, ok := r.groups.slots[name]
	return ok
}

// MatchString reports whether text contains a match, as Regex.IsMatch does. Each character takes at most about twice Width steps.
func (r *Regexp) MatchString(text string) bool {
	m := r.machine(math.MaxInt)
	defer r.release(m)
	return m.find(text, 0, 0, 0)
}

// Group returns what a group, by name or number, captured in the first match. matched is false if there is no match, no such
// group, or if the match went without it. The error is a fault.Invalid with the code TooMuchWork if the budget does not suffice.
func (r *Regexp) Group(text, group string, budget *Budget) (value string, matched bool, err error) {
	slot, ok := r.groups.slots[group]
	if !ok {
		return "", false, nil
	}
	m := r.machine(budget.Steps)
	defer r.release(m)
	found := m.find(text, 0, 0, 2*r.slots)
	if budget.Steps = m.steps; m.steps < 0 {
		return "", false, tooMuchWork(text)
	}
	if !found || m.match[2*slot+1] < 0 {
		return "", false, nil
	}
	return text[m.match[2*slot]:m.match[2*slot+1]], true, nil
}

// Replace replaces every match, as Regex.Replace does: $1, ${name} and $0 or $& stand for what a group or the whole pattern matched,
// $$ for a dollar sign, $+ for the last group, $_ for text, $` and $' for what precedes and follows the match; any other dollar
// sign stands for itself.
//
// limit is the most bytes that the result may have. Errors are fault.Invalid: TextTooLong if there were more, and TooMuchWork if the
// budget does not suffice.
func (r *Regexp) Replace(text, replacement string, limit int, budget *Budget) (string, error) {
	parts := r.parseReplacement(replacement)
	if !budget.spend(stepsToRead * len(parts)) {
		return "", tooMuchWork(text)
	}
	return r.replaceAll(text, limit, budget, len(parts), func(out *strings.Builder, match []int) bool {
		for _, part := range parts {
			if !write(out, part.text(text, match), limit) {
				return false
			}
		}
		return true
	})
}

// ReplaceGroup replaces, in every match, the text that the group captured, and leaves the rest of the match as it is. The
// replacement is taken literally. A match that went without the group stays whole. Errors are those of Replace, and
// UnknownGroup.
func (r *Regexp) ReplaceGroup(text, group, replacement string, limit int, budget *Budget) (string, error) {
	slot, ok := r.groups.slots[group]
	if !ok {
		return "", fault.New(fault.Invalid, "UnknownGroup", "the pattern has no group %s", quote(group))
	}
	return r.replaceAll(text, limit, budget, 3, func(out *strings.Builder, match []int) bool {
		from, to := match[2*slot], match[2*slot+1]
		if to < 0 {
			return write(out, text[match[0]:match[1]], limit)
		}
		return write(out, text[match[0]:from], limit) && write(out, replacement, limit) && write(out, text[to:match[1]], limit)
	})
}

// replaceAll goes through all matches and lets emit write each, which takes so many steps; emit returns false where the limit ends it.
func (r *Regexp) replaceAll(text string, limit int, budget *Budget, steps int, emit func(out *strings.Builder, match []int) bool) (string, error) {
	m := r.machine(budget.Steps)
	defer func() {
		budget.Steps = m.steps
		r.release(m)
	}()
	var out strings.Builder
	written, previous := 0, 0
	for start := 0; start <= len(text) && m.find(text, start, previous, 2*r.slots); {
		from, to := m.match[0], m.match[1]
		if !write(&out, text[written:from], limit) || !emit(&out, m.match) {
			return "", tooLong(limit)
		}
		if m.steps -= steps; m.steps < 0 {
			break
		}
		written, previous, start = to, to, to
		if from == to { // after an empty match, the next begins one character later
			_, width := utf8.DecodeRuneInString(text[to:])
			start += max(width, 1)
		}
	}
	if m.steps < 0 {
		return "", tooMuchWork(text)
	}
	if !write(&out, text[written:], limit) {
		return "", tooLong(limit)
	}
	return out.String(), nil
}

func (r *Regexp) machine(steps int) *machine {
	m, ok := r.machines.Get().(*machine)
	if !ok {
		m = newMachine(r.prog, r.sets)
	}
	m.steps = steps
	clear(m.known)
	return m
}

// release keeps a machine for later, without the text.
func (r *Regexp) release(m *machine) {
	m.text = ""
	r.machines.Put(m)
}

// write appends text, unless there were more bytes than limit then.
func write(out *strings.Builder, text string, limit int) bool {
	if len(text) > limit-out.Len() {
		return false
	}
	out.WriteString(text)
	return true
}

func tooLong(limit int) error {
	return fault.New(fault.Invalid, "TextTooLong", "the result of the replacement would have more than %d bytes", limit)
}

func tooMuchWork(text string) error {
	return fault.New(fault.Invalid, "TooMuchWork", "matching a text of %d bytes takes too long with this pattern", len(text)).
		WithRemedy("Shorten the text first, or write a pattern that decides earlier what it matches")
}
