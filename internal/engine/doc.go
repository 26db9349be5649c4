// Package engine runs: pull, plan, guard, apply; schedule, quarantine, approvals, reports.
//
// # Who owns the truth
//
// The tenant owns people. The mirror owns what was last read of them, its cursor how far. The journal owns what was decided: one row per
// change, from plan to result. The destination owns what is. A run owns nothing but its place: the step it is in and the counts so far.
// Whatever a run knows can be read again from these four, so a run may die at any point.
//
// # The states of a run
//
//	  tick, person, approval, follow-up
//	             │
//	          queued ──────────────────────────────┐ one run of an instance at a time
//	             │ a node takes it: fence + 1      │
//	          running ◀──── waiting                │
//	           │ │ │          ▲  until NotBefore   │
//	           │ │ └──────────┘ tenant: Retry-After beyond what a call waits by itself
//	succeeded ─┘ └─ failed                         │
//	     │            │                            │
//	     └────────────┴── the next queued run ◀────┘
//
// # The steps of a run, and what each failure does
//
// pull: one page at a time, page and cursor in one transaction. A failed read fails the run; nothing was removed by it, and the next run
// goes on at the last good page. Rows that changed are dirty for every instance of the connection. If the tenant refuses what newer
// settings need, the run goes on with those that were in force.
//
// Where the scope selects groups, these come after the users, in the same pull: names and members of the groups that are wanted, then what
// changed. Which groups a selection reaches is computed before the plan, when the settings or the nesting changed, and marks the members of
// those that are new or left out; who joins or leaves is marked with the page. A run of an instance without groups asks for none.
//
// plan: a thousand dirty objects at a time become entries; entries, the removal of the dirty rows and the count are one transaction.
// A dry run plans the whole mirror and leaves the dirty rows. An object whose plan equals its open entry (held, failed, skipped,
// rejected) gets no new entry. Each object is planned once: who changes behind the run's place is for the next one. The run stops planning, and
// leaves the rest dirty, when newer settings were saved, or when another instance of the connection has begun to read the tenant in full.
//
// guard: one transaction. Too many removals: they are held, object by object, and become open entries. Then the entries that want each
// other's names are ordered, and those whose name stays taken fail. A dry run ends here.
//
// apply: five hundred entries at a time; directory, links, results and count are one transaction, so that each change is applied exactly
// once. An object that changed since it was planned is superseded and dirty again. One object's failure is an open entry with a time
// for the next try, and the others go on.
//
// end: health, next run, and a follow-up run at once if something was superseded or somebody passes through Inactive to removal.
//
// # On demand, and explaining
//
// A run on demand goes through the same steps for the people whom somebody named, and for nobody else. Its pull looks each of them up in the
// tenant and takes what it is told into the mirror, which is no more complete for that; the next pull replays the last changes, so that a
// replica that was behind is corrected. It plans with the newest settings, and begins again when others are saved; what stood open about the
// people is overtaken, also what is held or was rejected. The guard holds nothing and counts everything. Who changed meanwhile, or passes
// through Inactive to removal, is planned again in the run, three times at most. It says nothing about the health of the instance.
//
// What a run on demand says of a person, and what Explain says without writing, is built by the same functions (conclude) from the same
// judgement (judge) as the entries of every run. The results are saved with each step, and leave with the journal.
//
// # Undo
//
// An undo goes through the same steps without a pull. It plans a thousand entries of the earlier run at a time: where an object shows what its
// entry left, by its version or by its history in the journal, the inverse change becomes an entry; else a skipped one says why not. The
// entries never wait for anything. Apply ties and unties like any run, brings removed users back from the archive, and pins each person in
// the transaction of the batch (or lifts the pin, when what it takes back was an undo). The people are dirty then: the next run tells who is
// left out because of a pin. A dry run of an undo ends at the guard. An undo that is broken off gives back what it has not applied, and can be
// asked for again. See docs/decisions/0015.
//
// Every plan looks for pins (lookUp) and leaves their people out (plan.Rules.Decide); a plan that is written removes the pins that ended.
//
// # Ownership
//
// A running run belongs to a node by a lease, renewed every five seconds, and a fencing number. Every transaction of a step saves the run
// under its fence; a node that lost its run fails there and leaves. On SQLite there is one process, so at start every running run is
// taken over at once.
//
// A run that fails after planning gives its unapplied entries back: they are superseded and their objects dirty, so nothing is lost; approved
// removals stay approved. A run is canceled in the same way between two steps: when Auto Sync was switched off and nobody asked for the run,
// when its instance is deleted, and when the database turns out to be a copy of the one in which it began.
//
// # Quarantine
//
// Refused credentials or missing consent put the instance into quarantine at once; so does a run of at least twenty changes of which
// forty per cent failed. Runs then back off, doubling the distance up to a day; after 28 days the instance is disabled. A good run ends it.
package engine
