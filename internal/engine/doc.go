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
// A run that applies what a dry run showed plans the objects of its rows again, from the mirror as its own pull leaves it, and takes over what comes out as
// it was shown; the rest is superseded, and for the next run. See docs/decisions/0032.
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
// # Remote destinations
//
// A remote service is planned from a local record of what it was sent and what was read there, which the pull brings up to date first
// (destination.Remote, Prepare): an inventory before the first plan and in every reconcile, and whatever became of changes whose sending was broken
// off. Apply is three steps there: intent in a transaction, call outside of any, result in the transaction of journal and links. Who dies in between
// sends again what is still planned; creations are looked up first. What the service could not take now stays planned: the run waits as long as it
// was asked to, or fails and comes again, and none of it counts as a failure of the object. At the end of each part Settle names managers who came
// later and tells the groups who was let go. See docs/decisions/0026.
//
// # Groups and who is in them
//
// Where an instance keeps groups, plan, guard and apply are gone through three times: for the users, for the groups, and for who is in them
// (Part). So a group is there before its members, and somebody who comes into scope is put into his groups in the same run. A dry run ends
// after the third guard, and foresees the members from what it proposes for users and groups.
//
// Groups are planned like users, from dirty rows. A membership is dirty when the mirror's changed, or its member's tie; a group that is tied
// anew, or read again in full, is compared as a whole: who is in the mirror and not in the group joins, then who was put in and is not in the
// mirror leaves. Either goes a thousand members at a time, and what one membership costs does not depend on the size of its group. Of a group
// that the mirror does not know for sure, nothing is planned. Nobody's mark but the instance's own is set or taken away.
//
// A journal entry about members holds up to a thousand who join or leave one group. Who leaves because he left in the tenant is weighed by the guard,
// group by group; a held entry loses those who come back, and is dropped with the last one.
//
// A group is To Be Synced until it was compared once, and while members of it wait for another try in the journal (Awaited).
//
// # On demand, and explaining
//
// A run on demand goes through the same steps for the people whom somebody named, and for nobody else. Its pull looks each of them up in the
// tenant and takes what it is told into the mirror, which is no more complete for that; the next pull replays the last changes, so that a
// replica that was behind is corrected. It plans with the newest settings, and begins again when others are saved; what stood open about the
// people is overtaken, also what is held or was rejected. The guard holds nothing and counts everything. Who changed meanwhile, or passes
// through Inactive to removal, is planned again in the run, three times at most. It says nothing about the health of the instance.
//
// A run on demand for people ends with their memberships in the groups that have an object, and nobody else's: who is in one by the tenant joins; as a
// replica may be behind, nobody is taken out of the mirror's groups by it. A run for a group (ProvisionGroup) is asked about this group: it has the parts
// users (the people who were chosen), groups (this one), and members (exactly the memberships of these people in it, who is no member leaves). Before
// the group was ever read in full, only of these people it is known whether they are in it: it stays Whole, and the next run compares all. A group whose
// name somebody's group of the directory has is not taken over before all names of the tenant are known.
//
// What a run on demand says of a person, and what Explain says without writing, is built by the same functions (conclude, concludeGroup,
// explainMemberships) from the same judgement (judge, judgeGroups, plan.Membership) as the entries of every run. The results are saved with each step, and leave with the journal.
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
// The entries about users are planned first, then those about groups, then those about members, which depend on who comes back by the same undo; all
// are applied in one part. Groups that are removed or let go come last, behind their members. Who is pinned in or out of a group is a row of its own
// (MemberPin), looked at when the membership is planned; the Pin of plan.Members lists those of a group. An undo pins memberships where a plan would
// change them: of whom it put in or took out, and of users and groups who come back or whose status it changes.
//
// Every plan looks for pins (lookUp) and leaves their people out (plan.Rules.Decide); a plan that is written removes the pins that ended.
//
// # Reconcile
//
// A reconcile compares the tenant with the mirror, the mirror with the destination, and what the instance owns there with what it tied, a piece at a
// time: all users of the tenant, page by page, all groups with their members, everybody by the rules, everything that is owned. Each piece is one
// transaction. What differs, and was not dirty, becomes a proposed entry whose reason begins with "drift"; with repair it is made dirty, and
// the run that follows does the rest behind its guard. After each piece the reconcile makes room: another run that is queued
// overtakes it, and its pace may ask for a pause. See docs/decisions/0020.
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
// Entry, another reason and the end are told once each, in the log and in the audit log. A quarantine that somebody in Entra must end is shown
// as waiting for consent.
//
// # Credentials that end
//
// A connection knows when its client secret ends if somebody said so. Every minute the tick looks whose secrets and tokens end within a month,
// those of the tenants and those of this server, and gives the notice that is due: the mark that it was given, on the connection, the token or the
// client's secret, and the event in the audit log are one transaction.
//
// # Another try
//
// Failed entries stay open and are woken when their time comes or their cause changes. Who changes a cause outside a run (a person, a token, the
// domains, an instance that goes), and a run that lets go of names or objects, makes the instances due whose entries were woken (hasten).
package engine
