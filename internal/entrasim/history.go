package entrasim

import "slices"

// A version is an object as it is since the change with that sequence number. It is never changed, only followed by another.
type version[T any] struct {
	seq   int
	value *T
}

// A history is an object that was changed or created. It keeps the versions that the replica may still show, oldest first.
type history[T any] struct {
	versions []version[T]
}

func (h *history[T]) last() version[T] { return h.versions[len(h.versions)-1] }

// at is the version as of a sequence number, nil before the first.
func (h *history[T]) at(seq int) *T {
	for _, v := range slices.Backward(h.versions) {
		if v.seq <= seq {
			return v.value
		}
	}
	return nil
}

// follow appends a version and forgets those that nobody can see any more: the replica shows visible, or with no lag the
// new version at once.
func (h *history[T]) follow(v version[T], visible int, lagging bool) {
	shown := 0
	for k, old := range h.versions {
		if old.seq <= visible {
			shown = k
		}
	}
	if !lagging {
		shown = len(h.versions)
	}
	h.versions = append(slices.Clone(h.versions[shown:]), v)
}
