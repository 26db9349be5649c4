package dotnet

import (
	"cmp"
	"regexp/syntax"
	"slices"
	"unicode"
)

// Width returns how many instructions one character of a text can make run at most, whatever the text: MatchString takes about twice as
// many steps for each character. It is far below Size for most patterns, since only those threads go on that were waiting for this very
// character. Where a match can begin only with the text, what runs there once is not counted. most+1 stands for all that is more than
// most.
func (r *Regexp) Width(most int) int {
	w := widths{prog: r.prog, most: most, seen: make([]int, len(r.prog.Inst)), sets: map[*rune]int{}}
	for pc := range r.prog.Inst {
		if w.waits(pc) && w.always <= most {
			w.add(pc)
		}
	}
	if r.prog.StartCond()&syntax.EmptyBeginText == 0 {
		w.always += w.follow(r.prog.Start) // a match may begin anywhere
	}
	return min(w.always+w.largest(), most+1, len(r.prog.Inst))
}

// widths adds up what each character makes run: behind every instruction that waits for it, all up to those that wait for the next.
type widths struct {
	prog   *syntax.Prog
	most   int
	seen   []int // by instruction: the last round in which it was followed
	round  int
	always int           // what any character makes run
	edges  []edge        // what characters of sets make run
	sets   map[*rune]int // by the first range of a set, which instructions share: its place in edges
}

// edge says that from a character on so many instructions more run, or fewer.
type edge struct {
	from rune
	more int
}

// waits reports whether an instruction waits for a character.
func (w *widths) waits(pc int) bool {
	switch w.prog.Inst[pc].Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	default:
		return false
	}
}

// add adds what runs behind an instruction that waits.
func (w *widths) add(pc int) {
	inst := &w.prog.Inst[pc]
	runs := w.follow(int(inst.Out))
	switch {
	case inst.Op == syntax.InstRuneAny || inst.Op == syntax.InstRuneAnyNotNL || len(inst.Rune) == 0:
		w.always += runs
	case len(inst.Rune) > 1:
		w.addSet(inst.Rune, runs)
	default:
		w.addSet([]rune{inst.Rune[0], inst.Rune[0]}, runs)
		for other := unicode.SimpleFold(inst.Rune[0]); inst.Arg&uint32(syntax.FoldCase) != 0 && other != inst.Rune[0]; other = unicode.SimpleFold(other) {
			w.addSet([]rune{other, other}, runs)
		}
	}
}

// addSet adds what characters of a set make run.
func (w *widths) addSet(set []rune, runs int) {
	at, known := w.sets[&set[0]]
	if !known {
		at = len(w.edges)
		w.sets[&set[0]] = at
		for i := 0; i+1 < len(set); i += 2 {
			w.edges = append(w.edges, edge{set[i], 0}, edge{set[i+1] + 1, 0})
		}
	}
	for i := 0; i < len(set); i += 2 {
		w.edges[at+i].more += runs
		w.edges[at+i+1].more -= runs
	}
}

// follow counts the instructions that run from one on, up to those that wait; conditions count as met.
func (w *widths) follow(start int) (runs int) {
	w.round++
	stack := []int{start}
	for len(stack) > 0 && runs <= w.most {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if w.seen[pc] == w.round {
			continue
		}
		w.seen[pc] = w.round
		runs++
		switch inst := &w.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, int(inst.Out), int(inst.Arg))
		case syntax.InstNop, syntax.InstCapture, syntax.InstEmptyWidth:
			stack = append(stack, int(inst.Out))
		default:
		}
	}
	return runs
}

// largest returns what the character makes run that makes the most run.
func (w *widths) largest() (most int) {
	slices.SortFunc(w.edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.more, b.more)) })
	runs := 0
	for _, e := range w.edges {
		runs += e.more
		most = max(most, runs)
	}
	return most
}
