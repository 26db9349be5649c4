package entrasim

import "time"

// tokenLife is how long a delta or skip token of directory objects can be used.
const tokenLife = 7 * 24 * time.Hour

// logLife is how long changes are remembered: longer than any token that could ask for them, whatever the lag.
const logLife = tokenLife + 24*time.Hour

// An entry is one change of one user or group. Sequence numbers start at 1.
type entry struct {
	at            int64 // nanoseconds since 1970
	object        ref   // the user or group
	managerBefore int32 // of a user
	changed       mask
	prev, next    int    // sequence numbers of the same object's neighbours, 0 = none
	edges         []edge // who joined and left a group in this step, ascending, each once
}

// A changeLog remembers who changed when, and in what, but no values: a delta tells the state of the moment. Of groups it
// remembers the members that came and went, so that a delta need not look at the others. Entries older than logLife are
// dropped, so it does not grow with the age of the tenant.
type changeLog struct {
	first   int // sequence number before entries[0]
	entries []entry
}

// head is the sequence number of the latest change, 0 before the first.
func (l *changeLog) head() int { return l.first + len(l.entries) }

// get returns nil for an entry that has been dropped.
func (l *changeLog) get(seq int) *entry {
	if seq <= l.first || seq > l.head() {
		return nil
	}
	return &l.entries[seq-l.first-1]
}

// append adds a change; prev is the same object's latest entry. Times never run backwards in the log.
func (l *changeLog) append(e entry) int {
	if last := l.get(l.head()); last != nil && e.at < last.at {
		e.at = last.at
	}
	l.entries = append(l.entries, e)
	seq := l.head()
	if before := l.get(e.prev); before != nil {
		before.next = seq
	}
	return seq
}

// trim drops what no token can ask for any more, in batches so that its cost stays below that of the appends.
func (l *changeLog) trim(now time.Time, keepFrom int) {
	old := 0
	for old < len(l.entries) && l.first+old+1 <= keepFrom && now.UnixNano()-l.entries[old].at > int64(logLife) {
		old++
	}
	if old < 1024 && old*2 < len(l.entries) || old == 0 {
		return
	}
	l.entries = append(make([]entry, 0, len(l.entries)-old), l.entries[old:]...)
	l.first += old
}

// changesOf sums up what changed of an object in the entries since < seq <= last, where last is one of the object's own, and
// tells the manager before the first of them that changed it.
func (l *changeLog) changesOf(last, since int) (changed mask, managerBefore int) {
	managerBefore = noManager
	for seq := last; seq > since; {
		e := l.get(seq)
		if e == nil {
			break
		}
		changed |= e.changed
		if e.changed.has(propManager) {
			managerBefore = int(e.managerBefore)
		}
		seq = e.prev
	}
	return changed, managerBefore
}

// lastOf is the entry at seq if it is about an object of that kind, and the object's last one up to the end of a round.
func (l *changeLog) lastOf(kind refKind, seq, until int) *entry {
	e := l.get(seq)
	if e == nil || e.object.kind() != kind || e.next != 0 && e.next <= until {
		return nil
	}
	return e
}
