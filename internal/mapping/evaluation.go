package mapping

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"rollcall/internal/expr"
	"rollcall/internal/ident"
	"rollcall/internal/source"
)

// Circumstances are what mappings depend on besides the user.
type Circumstances struct {
	// Now is the time of the plan.
	Now time.Time
	// Instance whose mappings they are. What expressions draw at random depends on it, on the user and on the target, and on nothing else: the
	// same user always gets the same value, and a run writes what the dry run showed.
	Instance ident.ID
}

// evaluation is what expressions are evaluated with, one at a time. It is used again and again, so that mapping a user allocates little.
type evaluation struct {
	expr.Input
	set        *Set
	user       source.User
	instance   ident.ID
	random     stream
	candidates []string
}

func newEvaluation(set *Set) *evaluation {
	e := &evaluation{set: set}
	e.Attribute = func(name string) any { return e.set.sources[name].Read(e.user) }
	e.Random = &e.random
	return e
}

// run evaluates the expression of a rule.
func (e *evaluation) run(r *rule) (expr.Result, error) {
	uses := r.expression.Uses()
	if uses.Random {
		e.random.reset(e.instance.String(), strings.ToLower(e.user.ID), r.path)
	}
	e.Taken, e.candidates = nil, nil
	if uses.Unique {
		e.Taken = e.collect
	}
	return r.expression.Evaluate(&e.Input)
}

// collect takes every value for taken, so that SelectUniqueValue offers all it has. Which of them are free is found out later, for many
// users at once.
func (e *evaluation) collect(value string) (bool, error) {
	e.candidates = append(e.candidates, value)
	return true, nil
}

// stream gives bytes that follow from its seed: SHA-256 of the seed and a counter.
type stream struct {
	seed    [sha256.Size]byte
	counter uint64
	rest    []byte
}

func (s *stream) reset(seed ...string) {
	*s = stream{seed: sha256.Sum256([]byte(strings.Join(seed, "\x00")))}
}

// Read fills the buffer. It never fails.
func (s *stream) Read(buffer []byte) (int, error) {
	for filled := 0; filled < len(buffer); {
		if len(s.rest) == 0 {
			block := sha256.Sum256(binary.BigEndian.AppendUint64(s.seed[:], s.counter))
			s.rest = block[:]
			s.counter++
		}
		n := copy(buffer[filled:], s.rest)
		s.rest = s.rest[n:]
		filled += n
	}
	return len(buffer), nil
}
