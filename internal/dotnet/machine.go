package dotnet

import (
	"math"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// machine runs a program over a text: all threads side by side, one character at a time, in the order in which a backtracking
// matcher would try them. No instruction runs twice at the same place, so that time is bounded by text times program.
// Method: Pike's, as described by Russ Cox in "Regular Expression Matching: the Virtual Machine Approach".
type machine struct {
	prog     *syntax.Prog
	sets     matchSets
	known    []int  // by large class: twice the place for which it is known whether it matches, and 1 if so
	prefix   string // every match begins with it
	anchored bool   // every match begins where the text does

	text      string
	previous  int // where the match before ended, for \G
	width     int // how many capture positions are kept
	caps      []int
	match     []int
	now, next threads

	pos           int  // the place for which conditions are checked
	before, after rune // the characters around it, negative where the text begins and ends

	thread int // steps that it takes to keep a thread: one, and more with many captures
	steps  int // how many may still be taken
}

// threads are the threads that wait for the character that follows, most wanted first, and which instructions ran already at this place.
type threads struct {
	waiting []uint32
	caps    []int
	seen    []uint32 // by instruction: the generation in which it ran
	current uint32
}

func newMachine(prog *syntax.Prog, sets matchSets) *machine {
	m := &machine{prog: prog, sets: sets, known: make([]int, sets.count), anchored: prog.StartCond()&syntax.EmptyBeginText != 0}
	m.prefix, _ = prog.Prefix()
	m.now.seen, m.next.seen = make([]uint32, len(prog.Inst)), make([]uint32, len(prog.Inst))
	return m
}

func (q *threads) clear() {
	q.waiting, q.caps = q.waiting[:0], q.caps[:0]
	if q.current == math.MaxUint32 {
		clear(q.seen)
		q.current = 0
	}
	q.current++
}

// find looks for the first match from start on, most wanted first, and keeps width positions of its groups in m.match.
// A negative value of m.steps afterwards says that it gave up.
func (m *machine) find(text string, start, previous, width int) bool {
	m.text, m.previous, m.width, m.thread = text, previous, width, 1+width/8
	m.steps -= m.thread
	m.caps = append(m.caps[:0], make([]int, width)...)
	m.now.clear()
	m.next.clear()
	m.at(start)
	matched := false
	for {
		if len(m.now.waiting) == 0 {
			if matched || (m.anchored && m.pos > 0) || !m.skip() {
				return matched
			}
		}
		if !matched && (!m.anchored || m.pos == 0) {
			m.begin()
		}
		atEnd := m.after < 0
		if m.advance() {
			matched = true
		}
		switch {
		case m.steps < 0:
			return false
		case atEnd || (matched && width == 0):
			return matched
		}
		m.now, m.next = m.next, m.now
		m.next.clear()
	}
}

// skip goes on to where the text may match at all; false if there is no such place.
func (m *machine) skip() bool {
	if m.prefix == "" {
		return true
	}
	i := strings.Index(m.text[m.pos:], m.prefix)
	m.steps -= max(i, 0) / 16
	if i > 0 {
		m.at(m.pos + i)
		m.now.clear() // what ran here ran for another place
	}
	return i >= 0
}

// at moves to a place that need not follow the one before.
func (m *machine) at(pos int) {
	m.before, m.after = -1, -1
	if pos > 0 {
		m.before, _ = utf8.DecodeLastRuneInString(m.text[:pos])
	}
	if pos < len(m.text) {
		m.after, _ = utf8.DecodeRuneInString(m.text[pos:])
	}
	m.pos = pos
}

// begin starts a thread at this place.
func (m *machine) begin() {
	for i := range m.caps {
		m.caps[i] = -1
	}
	if m.width > 0 {
		m.caps[0] = m.pos
	}
	m.follow(&m.now, uint32(m.prog.Start)) //nolint:gosec // an index of an instruction
}

// advance feeds the next character to the threads, and moves behind it. It reports whether a thread was at its end; the threads
// that are wanted less are dropped then.
func (m *machine) advance() (matched bool) {
	r, from := m.after, m.pos
	if r >= 0 {
		_, width := utf8.DecodeRuneInString(m.text[m.pos:])
		m.before, m.after, m.pos = r, -1, m.pos+width
		if m.pos < len(m.text) {
			m.after, _ = utf8.DecodeRuneInString(m.text[m.pos:])
		}
	}
	m.steps -= 1 + len(m.now.waiting)*m.thread
	for i, pc := range m.now.waiting {
		inst := &m.prog.Inst[pc]
		if m.width > 0 {
			copy(m.caps, m.now.caps[i*m.width:(i+1)*m.width])
		}
		if inst.Op == syntax.InstMatch {
			if m.match = append(m.match[:0], m.caps...); m.width > 0 {
				m.match[1] = from
			}
			return true
		}
		m.follow(&m.next, inst.Out)
	}
	return false
}

// follow runs a thread up to the instructions that need a character, and ends it there if the text goes on with another one.
func (m *machine) follow(q *threads, pc uint32) {
	for q.seen[pc] != q.current {
		q.seen[pc] = q.current
		m.steps--
		inst := &m.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			m.follow(q, inst.Out)
			pc = inst.Arg
		case syntax.InstNop:
			pc = inst.Out
		case syntax.InstEmptyWidth:
			if !m.holds(syntax.EmptyOp(inst.Arg)) { //nolint:gosec // regexp/syntax keeps it there
				return
			}
			pc = inst.Out
		case syntax.InstCapture:
			switch slot := int(inst.Arg); {
			case slot < m.width:
				old := m.caps[slot]
				m.caps[slot] = m.pos
				m.follow(q, inst.Out)
				m.caps[slot] = old
				return
			case slot == 2*capEndOrLastNewline && !m.atEndOrLastNewline(), slot == 2*capContiguous && m.pos != m.previous:
				return
			}
			pc = inst.Out
		case syntax.InstFail:
			return
		default:
			if inst.Op != syntax.InstMatch && !m.matches(pc) {
				return
			}
			m.steps -= m.thread
			if q.waiting = append(q.waiting, pc); m.width > 0 {
				q.caps = append(q.caps, m.caps...)
			}
			return
		}
	}
}

// matches says whether an instruction matches the character that follows.
func (m *machine) matches(pc uint32) bool {
	switch {
	case m.after < 0:
		return false
	case m.after < utf8.RuneSelf:
		return m.sets.ascii[pc].has(m.after)
	}
	large := m.sets.large[pc]
	if large < 0 {
		return m.prog.Inst[pc].MatchRune(m.after)
	}
	if m.known[large]>>1 != m.pos+1 {
		m.known[large] = (m.pos + 1) << 1
		if m.prog.Inst[pc].MatchRune(m.after) {
			m.known[large]++
		}
	}
	return m.known[large]&1 != 0
}

// holds says whether conditions are met at this place.
func (m *machine) holds(op syntax.EmptyOp) bool {
	boundary := isBoundaryWord(m.before) != isBoundaryWord(m.after)
	switch {
	case op&syntax.EmptyBeginText != 0 && m.before >= 0,
		op&syntax.EmptyEndText != 0 && m.after >= 0,
		op&syntax.EmptyBeginLine != 0 && m.before >= 0 && m.before != '\n',
		op&syntax.EmptyEndLine != 0 && m.after >= 0 && m.after != '\n',
		op&syntax.EmptyWordBoundary != 0 && !boundary,
		op&syntax.EmptyNoWordBoundary != 0 && boundary:
		return false
	}
	return true
}

func (m *machine) atEndOrLastNewline() bool {
	return m.after < 0 || (m.after == '\n' && m.pos == len(m.text)-1)
}

// isWord reports whether .NET's \w matches r.
func isWord(r rune) bool {
	if 0 <= r && r < utf8.RuneSelf {
		return r == '_' || ('0' <= r && r <= '9') || ('a' <= r && r <= 'z') || ('A' <= r && r <= 'Z')
	}
	return unicode.In(r, unicode.L, unicode.Mn, unicode.Nd, unicode.Pc)
}

// isBoundaryWord reports whether r is part of a word for .NET's \b: also the joiners, which no \w matches.
func isBoundaryWord(r rune) bool { return isWord(r) || r == 0x200c || r == 0x200d }
