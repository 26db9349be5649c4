package entrasim

import "time"

// tokenLife is how long a delta or skip token of directory objects can be used.
const tokenLife = 7 * 24 * time.Hour

// logLife is how long changes are remembered: longer than any token that could ask for them, whatever the lag.
const logLife = tokenLife + 24*time.Hour

// An entry is one change of one user. Sequence numbers start at 1.
type entry struct {
	at            time.Time
	user          int
	managerBefore int
	changed       mask
	prev, next    int // sequence numbers of the same user's neighbours, 0 = none
}

// A changeLog remembers who changed when, and in what, but no values: a delta tells the state of the moment. Entries
// older than logLife are dropped, so it does not grow with the age of the tenant.
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

// append adds a change; prev is the same user's latest entry. Times never run backwards in the log.
func (l *changeLog) append(e entry) int {
	if last := l.get(l.head()); last != nil && e.at.Before(last.at) {
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
	for old < len(l.entries) && l.first+old+1 <= keepFrom && now.Sub(l.entries[old].at) > logLife {
		old++
	}
	if old < 1024 && old*2 < len(l.entries) || old == 0 {
		return
	}
	l.entries = append(make([]entry, 0, len(l.entries)-old), l.entries[old:]...)
	l.first += old
}

// changesOf sums up what changed of a user in the entries since < seq <= last, where last is one of the user's own, and
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
			managerBefore = e.managerBefore
		}
		seq = e.prev
	}
	return changed, managerBefore
}
