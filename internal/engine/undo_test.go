package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/destination"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// undo asks for the undo of a run, as Ada, and works until it is over.
func (w *world) undo(run engine.Run, objects ...ident.ID) engine.Run {
	w.Helper()
	return w.undoAs(engine.UndoRequest{Run: run.ID, Objects: objects, Reason: "it was wrong"})
}

func (w *world) undoAs(request engine.UndoRequest) engine.Run {
	w.Helper()
	undo, err := w.engine.Undo(audit.WithActor(w.Context(), audit.Actor{Name: "Ada"}), w.org, request)
	if err != nil {
		w.Fatal(err)
	}
	w.work(w.engine)
	if undo, err = w.engine.GetRun(w.Context(), w.org, undo.ID); err != nil || undo.State != engine.Succeeded {
		w.Fatalf("the undo ended as %s at %s: %+v (%v)", undo.State, undo.Step, undo.Failure, err)
	}
	return undo
}

func (w *world) pins() []engine.Pin {
	w.Helper()
	pins, err := w.engine.Pins(w.Context(), engine.PinQuery{Org: w.org, Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	return pins
}

// only returns the one entry of a run.
func (w *world) only(run engine.Run) engine.Entry {
	w.Helper()
	entries := w.entries(run)
	if len(entries) != 1 {
		w.Fatalf("the run has %d entries, want one: %+v", len(entries), entries)
	}
	return entries[0]
}

func (w *world) patch(sourceID string, changes map[string]any) {
	w.Helper()
	w.control(http.MethodPatch, "/sim/users/"+sourceID, changes)
}

func TestAnUndoneChangeStaysUndoneUntilEntraChangesThePerson(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	before := w.linked(person)
	w.patch(person, map[string]any{"jobTitle": "Wrong"})
	changed := w.good(engine.Incremental)

	dry := w.undoAs(engine.UndoRequest{Run: changed.ID, DryRun: true})
	if entry := w.only(dry); entry.State != engine.Proposed || entry.Before.Text("title") != "Wrong" || w.linked(person).Attributes.Text("title") != "Wrong" {
		t.Errorf("the dry run tells %s %s and wrote %q", entry.State, engine.Differences(entry), w.linked(person).Attributes.Text("title"))
	}
	undo := w.undo(changed)
	if user := w.linked(person); !user.Attributes.Equal(before.Attributes) || undo.Progress.Counts["update"] != 1 {
		t.Errorf("after the undo (%v) the user is %v, want %v", undo.Progress.Counts, user.Attributes, before.Attributes)
	}
	for range 2 { // the incremental one finds him woken, the full one everybody
		w.good(engine.Incremental)
		w.good(engine.Full)
	}
	if user := w.linked(person); !user.Attributes.Equal(before.Attributes) {
		t.Errorf("runs after the undo made %v of the user", user.Attributes)
	}
	skipped := w.skipped()[person]
	if !strings.Contains(skipped, "Ada took back what the run "+changed.ID.String()) || !strings.Contains(skipped, "it was wrong") {
		t.Errorf("the status tells of the pinned user %q", skipped)
	}
	if proposed := w.entry(w.good(engine.DryRun), person); proposed.Reason.Code != plan.Pinned {
		t.Errorf("a dry run says %s: %s", proposed.Action, proposed.Reason.Text)
	}
	w.patch(person, map[string]any{"city": "Elsewhere"})
	w.good(engine.Incremental)
	if user := w.linked(person); user.Attributes.Text("title") != "Wrong" || len(w.pins()) != 0 || len(w.skipped()[person]) != 0 {
		t.Errorf("after a change in Entra the title is %q with %d pins, want what Entra says and none", user.Attributes.Text("title"), len(w.pins()))
	}
}

// skipped returns the reasons of the open skipped entries by source id.
func (w *world) skipped() map[string]string {
	w.Helper()
	entries, err := w.db.ListEntries(w.Context(), engine.EntryQuery{Org: w.org, Open: true, States: []engine.EntryState{engine.EntrySkipped}, Limit: 10_000})
	if err != nil {
		w.Fatal(err)
	}
	reasons := map[string]string{}
	for _, entry := range entries {
		reasons[entry.SourceID] = entry.Reason.Text
	}
	return reasons
}

// entry returns the entry of a run about a person; the zero one if there is none.
func (w *world) entry(run engine.Run, sourceID string) engine.Entry {
	w.Helper()
	for _, entry := range w.entries(run) {
		if entry.SourceID == sourceID {
			return entry
		}
	}
	return engine.Entry{}
}

func TestALiftedPinLetsEntraSpeakAgain(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	w.patch(person, map[string]any{"jobTitle": "Right after all"})
	w.undo(w.good(engine.Incremental))
	w.good(engine.Incremental)
	pins := w.pins()
	if len(pins) != 1 || pins[0].SourceID != person || pins[0].By != "Ada" || pins[0].Why != "it was wrong" {
		t.Fatalf("the pins are %+v", pins)
	}
	w.set(true)
	w.work(w.engine)
	if err := w.engine.LiftPin(t.Context(), w.org, pins[0].ID); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	if title := w.linked(person).Attributes.Text("title"); title != "Right after all" {
		t.Errorf("after the pin was lifted the title is %q", title)
	}
	if err := w.engine.LiftPin(t.Context(), w.org, pins[0].ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("lifting it again gives %v", err)
	}
}

func TestAnUndoneCreationIsNotRepeatedAndRedoneFromTheArchive(t *testing.T) {
	w := newWorld(t, 30)
	first := w.good(engine.Incremental)
	person := id(w.people(1)[0])
	before := w.linked(person)
	undo := w.undo(first, before.ID)
	if undo.Progress.Counts["delete"] != 1 {
		t.Fatalf("the undo did %v", undo.Progress.Counts)
	}
	if archived, err := w.dir.ListArchived(t.Context(), w.org, before.Name(), ident.ID{}, 10); err != nil || len(archived) != 1 {
		t.Errorf("the archive holds %d copies (%v), want one", len(archived), err)
	}
	for _, kind := range []engine.Kind{engine.Incremental, engine.Full} {
		if run := w.good(kind); run.Progress.Counts["create"] != 0 {
			t.Errorf("the next run did %v", run.Progress.Counts)
		}
	}
	redone := w.undo(undo)
	after := w.linked(person)
	if after.ID != before.ID || !after.Attributes.Equal(before.Attributes) || after.Owner != w.instance.ID || len(w.pins()) != 0 {
		t.Errorf("the undo of the undo (%v) gives %+v with %d pins", redone.Progress.Counts, after, len(w.pins()))
	}
	if archived, err := w.dir.ListArchived(t.Context(), w.org, before.Name(), ident.ID{}, 10); err != nil || len(archived) != 0 {
		t.Errorf("the archive holds %d copies still (%v)", len(archived), err)
	}
	if run := w.good(engine.Full); len(w.entries(run)) != 0 {
		t.Errorf("then a full run finds %d changes, want none", len(w.entries(run)))
	}
}

func TestAnUndoOfADeactivationSaysAloudThatItsCauseHolds(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	people := w.people(20)
	blocked, deleted := id(people[0]), id(people[19]) // the last of them is nobody's manager
	names := map[string]string{blocked: w.linked(blocked).Name(), deleted: w.linked(deleted).Name()}
	w.control(http.MethodPost, "/sim/users/"+blocked+"/block", nil)
	w.control(http.MethodDelete, "/sim/users/"+deleted, nil)
	run := w.good(engine.Incremental)
	dry := w.undoAs(engine.UndoRequest{Run: run.ID, DryRun: true})
	for person, cause := range map[string]string{blocked: "sign-in is blocked in Entra", deleted: "deleted in Entra"} {
		entry := w.entry(dry, person)
		if entry.Reason.Code != plan.UndoneDespiteEntra || !strings.Contains(entry.Reason.Text, cause) || entry.Action != plan.Reactivate {
			t.Errorf("the dry run says %s %s: %s", entry.Action, entry.Reason.Code, entry.Reason.Text)
		}
	}
	if dry.Progress.DespiteEntra != 2 {
		t.Errorf("%d are counted as despite Entra, want 2", dry.Progress.DespiteEntra)
	}
	w.undo(run)
	w.good(engine.Full)
	for person, name := range names {
		if user := w.linked(person); !user.Active() || user.Name() != name || !user.DeletedAt().IsZero() {
			t.Errorf("after undo and full run the user is %v", user.Attributes)
		}
	}
	// Deleted, then purged: that is news, and the lifecycle goes on.
	w.control(http.MethodDelete, "/sim/users/"+blocked, nil)
	w.control(http.MethodPost, "/sim/users/"+deleted+"/purge", nil)
	w.good(engine.Incremental)
	if user := w.linked(blocked); user.Active() || user.DeletedAt().IsZero() {
		t.Errorf("who was deleted after the pin is %v", user.Attributes)
	}
	if users, err := w.dir.FindUsers(t.Context(), w.org, "externalId", []string{deleted}); err != nil || len(users) != 0 {
		t.Errorf("who was purged after the pin is there still (%v)", err)
	}
	if len(w.pins()) != 0 {
		t.Errorf("%d pins are left", len(w.pins()))
	}
}

func TestNobodyKeepsAccessBecauseSomethingElseOfHimIsPinned(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	w.patch(person, map[string]any{"jobTitle": "Wrong"})
	w.undo(w.good(engine.Incremental))
	w.change(engine.Change{Settings: nobody()}) // out of scope, and Entra says nothing new about him
	w.good(engine.Incremental)
	if user := w.linked(person); user.Active() || len(w.pins()) != 0 {
		t.Errorf("a pinned title keeps somebody Active who left the scope (%d pins)", len(w.pins()))
	}
}

func TestAPinSurvivesThatMoreIsReadOfThePerson(t *testing.T) {
	w := newWorld(t, 30)
	person := id(w.people(1)[0])
	w.patch(person, map[string]any{"mailNickname": "nick"})
	w.good(engine.Incremental)
	w.patch(person, map[string]any{"jobTitle": "Wrong"})
	w.undo(w.good(engine.Incremental))
	w.settings(mapped("nickName", "[mailNickname]"))
	w.good(engine.Incremental) // reads everybody in full
	if len(w.pins()) != 1 || w.linked(person).Attributes.Text("title") == "Wrong" {
		t.Fatalf("reading another attribute left %d pins", len(w.pins()))
	}
	w.patch(person, map[string]any{"mailNickname": "nock"})
	w.good(engine.Incremental)
	if len(w.pins()) != 0 || w.linked(person).Attributes.Text("nickName") != "nock" {
		t.Errorf("a change of the attribute that was read later left %d pins", len(w.pins()))
	}
}

func TestARemovedUserComesBackFromTheArchiveWithEverything(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	alive := w.linked(person)
	w.control(http.MethodDelete, "/sim/users/"+person, nil)
	binned := w.good(engine.Incremental)
	inBin := w.linked(person)
	w.control(http.MethodPost, "/sim/users/"+person+"/purge", nil)
	purged := w.good(engine.Incremental)
	w.good(engine.Incremental) // the mirror has forgotten him
	w.undo(purged)
	if user := w.linked(person); user.ID != alive.ID || !user.Attributes.Equal(inBin.Attributes) || user.Owner != w.instance.ID || !user.CreatedAt.Equal(alive.CreatedAt) {
		t.Fatalf("the restored user is %+v, want %+v", user, inBin)
	}
	w.good(engine.Full)
	w.undo(binned) // step by step to before
	w.good(engine.Full)
	if user := w.linked(person); !user.Attributes.Equal(alive.Attributes) {
		t.Fatalf("two undos give %v, want %v", user.Attributes, alive.Attributes)
	}
	pins := w.pins()
	if len(pins) != 1 {
		t.Fatalf("%d pins, want the latest", len(pins))
	}
	if err := w.engine.LiftPin(t.Context(), w.org, pins[0].ID); err != nil {
		t.Fatal(err)
	}
	w.good(engine.Incremental)
	if users, err := w.dir.FindUsers(t.Context(), w.org, "externalId", []string{person}); err != nil || len(users) != 0 {
		t.Errorf("without the pin who is purged is there still: %v (%v)", users, err)
	}
}

func TestNamesThatWentRoundGoBackRound(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	people := w.people(4)
	names := make([]string, 4)
	for i, person := range people {
		names[i] = w.linked(id(person)).Name()
	}
	rename := func(i int, name string) {
		w.patch(id(people[i]), map[string]any{"userPrincipalName": name, "mail": name})
	}
	rename(0, "aside@contoso.example")
	rename(1, names[0])
	rename(2, names[1])
	rename(0, names[2]) // a circle of three
	rename(3, "new-"+names[3])
	run := w.good(engine.Incremental)
	if run.Progress.Counts["update"] != 4 {
		t.Fatalf("the run did %v", run.Progress.Counts)
	}
	undo := w.undo(run)
	for i, person := range people {
		if name := w.linked(id(person)).Name(); name != names[i] {
			t.Errorf("%d is called %s, want %s (%v)", i, name, names[i], undo.Progress.Counts)
		}
	}
}

func TestTheNameOfACreatedUserGoesBackToWhoHadIt(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	name := w.linked(person).Name()
	w.control(http.MethodDelete, "/sim/users/"+person, nil)
	w.control(http.MethodPost, "/sim/users", map[string]any{"userPrincipalName": name, "displayName": "The Next", "accountEnabled": true, "userType": "Member"})
	run := w.good(engine.Incremental)
	if run.Progress.Counts["deactivate"] != 1 || run.Progress.Counts["create"] != 1 {
		t.Fatalf("the run did %v", run.Progress.Counts)
	}
	undo := w.undo(run)
	if user := w.linked(person); user.Name() != name || !user.Active() || undo.Progress.Counts["failed"] != 0 {
		t.Errorf("the undo did %v, and the user is %v", undo.Progress.Counts, user.Attributes)
	}
}

func TestWhatCannotBeTakenBackIsSaidBefore(t *testing.T) {
	w := newWorld(t, 60)
	w.good(engine.Incremental)
	people := w.people(6)
	person := func(i int) string { return id(people[i]) }
	for i := range 6 {
		w.patch(person(i), map[string]any{"userPrincipalName": "moved-" + person(i)[:8] + "@contoso.example", "jobTitle": "Wrong"})
	}
	names := make([]directory.User, 6)
	for i := range 6 {
		names[i] = w.linked(person(i))
	}
	run := w.good(engine.Incremental)
	if run.Progress.Counts["update"] != 6 {
		t.Fatalf("the run did %v", run.Progress.Counts)
	}
	// 0 changes again, 1 goes, the name of 2 is taken, 3 becomes never-touch, 4 is taken back alone, 5 stays.
	w.patch(person(0), map[string]any{"jobTitle": "Right"})
	w.control(http.MethodDelete, "/sim/users/"+person(1), nil)
	w.control(http.MethodPost, "/sim/users/"+person(1)+"/purge", nil)
	if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{"userName": names[2].Name(), "displayName": "Squatter"})); err != nil {
		t.Fatal(err)
	}
	later := w.good(engine.Incremental)
	w.settings(func(s *engine.Settings) { s.Scope.NeverTouch = []string{person(3)} })
	w.undo(run, names[4].ID)
	for _, dryRun := range []bool{true, false} {
		undo := w.undoAs(engine.UndoRequest{Run: run.ID, DryRun: dryRun, Reason: "wrong"})
		for i, want := range []struct{ code, text string }{
			{plan.ChangedSince, "by the run " + later.ID.String()},
			{plan.ObjectGone, "removed, by the run"},
			{plan.NameHeld, "Squatter"},
			{plan.NeverTouch, "never-touch"},
			{plan.ChangedSince, "taken back already"},
		} {
			entry := w.entry(undo, person(i))
			if entry.Reason.Code != want.code || !strings.Contains(entry.Reason.Text, want.text) || entry.Open || entry.State != engine.EntrySkipped && entry.State != engine.EntryFailed {
				t.Errorf("dry run %v, %d: %s, open %v, %s: %s", dryRun, i, entry.State, entry.Open, entry.Reason.Code, entry.Reason.Text)
			}
		}
		if c := undo.Progress.Counts; c["update"] != 1 || c["skipped"] != 4 || c["failed"] != 1 {
			t.Errorf("dry run %v counts %v", dryRun, c)
		}
	}
	if user := w.linked(person(5)); user.Name() != names[5].Name() {
		t.Errorf("one failure stopped the others: %s is not %s", user.Name(), names[5].Name())
	}
	w.good(engine.Incremental)
	if w.status().Job == engine.StatusQuarantine {
		t.Error("an undo says nothing about the health of the instance")
	}
}

func TestWhatWasForgottenCannotBeTakenBack(t *testing.T) {
	w := newWorld(t, 20)
	first := w.good(engine.Incremental)
	person := id(w.people(1)[0])
	gone := w.linked(person)
	w.control(http.MethodDelete, "/sim/users/"+person, nil)
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/users/"+person+"/purge", nil)
	purged := w.good(engine.Incremental)
	w.now = w.now.AddDate(0, 0, 91)
	if err := w.engine.Expire(t.Context(), w.org, 90); err != nil {
		t.Fatal(err)
	}
	if entry := w.entry(w.undoAs(engine.UndoRequest{Run: first.ID, DryRun: true}), id(w.people(1)[0])); entry.Reason.Code != plan.Scrubbed {
		t.Errorf("after the retention the undo says %s: %s", entry.Reason.Code, entry.Reason.Text)
	}
	w.now = w.now.AddDate(0, 0, 300)
	again := w.undoAs(engine.UndoRequest{Run: purged.ID, Objects: []ident.ID{gone.ID}, DryRun: true})
	if entry := w.only(again); entry.Reason.Code != plan.Scrubbed && entry.Reason.Code != plan.NotInArchive {
		t.Errorf("after the retention of the archive the undo says %s: %s", entry.Reason.Code, entry.Reason.Text)
	}
}

func TestACopyPastItsRetentionIsNotRestored(t *testing.T) {
	w := newWorld(t, 20)
	w.dir = directory.NewService(w.db, w.time, directory.Retention{Archive: 5})
	w.engine = w.newEngine()
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	w.control(http.MethodDelete, "/sim/users/"+person, nil)
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/users/"+person+"/purge", nil)
	purged := w.good(engine.Incremental)
	w.now = w.now.AddDate(0, 0, 6)
	if entry := w.only(w.undoAs(engine.UndoRequest{Run: purged.ID, DryRun: true})); entry.Reason.Code != plan.NotInArchive {
		t.Errorf("the undo says %s: %s", entry.Reason.Code, entry.Reason.Text)
	}
}

func TestWhatIsNoUndoIsRefused(t *testing.T) {
	w := newWorld(t, 20)
	run := w.good(engine.Incremental)
	dry := w.good(engine.DryRun)
	for _, bad := range []struct {
		request engine.UndoRequest
		kind    fault.Kind
	}{
		{engine.UndoRequest{Run: run.ID}, fault.Invalid},
		{engine.UndoRequest{Run: run.ID, Reason: strings.Repeat("x", 501)}, fault.Invalid},
		{engine.UndoRequest{Run: run.ID, Objects: make([]ident.ID, 1001), DryRun: true}, fault.Invalid},
		{engine.UndoRequest{Run: dry.ID, DryRun: true}, fault.Conflict},
		{engine.UndoRequest{Run: ident.New(w.now), DryRun: true}, fault.NotFound},
		{engine.UndoRequest{Run: run.ID, Objects: []ident.ID{ident.New(w.now)}, DryRun: true}, fault.NotFound},
	} {
		if _, err := w.engine.Undo(t.Context(), w.org, bad.request); !fault.Is(err, bad.kind) {
			t.Errorf("%+v gives %v, want %s", bad.request, err, bad.kind)
		}
	}
	config := w.newEngine().Config
	config.Destination = func(instance engine.Instance) destination.Destination {
		return elsewhere{w.engine.Destination(instance)}
	}
	if _, err := engine.New(config).Undo(t.Context(), w.org, engine.UndoRequest{Run: run.ID, DryRun: true}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a run to another destination gives %v", err)
	}
	if err := w.engine.DeleteInstance(t.Context(), w.instance.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.Undo(t.Context(), w.org, engine.UndoRequest{Run: run.ID, DryRun: true}); !fault.Is(err, fault.Conflict) {
		t.Errorf("a run of a deleted instance gives %v", err)
	}
}

// elsewhere is a destination in which nothing can be taken back.
type elsewhere struct{ destination.Destination }

func TestTheLatestChangeOfOneUserIsTakenBack(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	people := w.people(2)
	for _, person := range people {
		w.patch(id(person), map[string]any{"jobTitle": "Wrong"})
	}
	w.good(engine.Incremental)
	undo, err := w.engine.UndoLatest(t.Context(), w.org, w.linked(id(people[0])).ID, "wrong", false)
	if err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	if undo, err = w.engine.GetRun(t.Context(), w.org, undo.ID); err != nil || undo.Progress.Counts["update"] != 1 {
		t.Errorf("the undo did %v (%v)", undo.Progress.Counts, err)
	}
	if a, b := w.linked(id(people[0])), w.linked(id(people[1])); a.Attributes.Text("title") == "Wrong" || b.Attributes.Text("title") != "Wrong" {
		t.Errorf("the titles are %q and %q", a.Attributes.Text("title"), b.Attributes.Text("title"))
	}
	if _, err := w.engine.UndoLatest(t.Context(), w.org, ident.New(w.now), "wrong", false); !fault.Is(err, fault.NotFound) {
		t.Errorf("of nobody it gives %v", err)
	}
}

func TestWhoWasTakenOverIsLetGoAgain(t *testing.T) {
	w := newWorld(t, 20)
	person := w.people(1)[0]
	mine, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{"userName": person["userPrincipalName"], "title": "By hand"}))
	if err != nil {
		t.Fatal(err)
	}
	run := w.good(engine.Incremental)
	undo := w.undo(run, mine.ID)
	user, err := w.dir.User(t.Context(), w.org, mine.ID)
	if err != nil || !user.Owner.IsZero() || user.SourceID != "" || !user.Attributes.Equal(mine.Attributes) {
		t.Errorf("after the undo (%v) the user is %+v (%v), want %+v", undo.Progress.Counts, user, err, mine)
	}
	if w.good(engine.Full); w.entry(w.good(engine.DryRun), id(person)).Reason.Code != plan.Pinned {
		t.Error("the next run takes him over again")
	}
	w.undo(undo)
	if user := w.linked(id(person)); user.ID != mine.ID || user.Owner != w.instance.ID {
		t.Errorf("the undo of the undo gives %+v", user)
	}
	if run := w.good(engine.Full); len(w.entries(run)) != 0 {
		t.Errorf("then a full run has %d entries, want none", len(w.entries(run)))
	}
}

func TestAnUndoCarriesSealedValuesAndKeepsThemSealed(t *testing.T) {
	w := newWorld(t, 20)
	person := id(w.people(1)[0])
	w.settings(mapped(employeeNumber, "Redact([employeeId])"))
	w.patch(person, map[string]any{"employeeId": "geheim-1"})
	w.good(engine.Incremental)
	w.patch(person, map[string]any{"employeeId": "geheim-2"})
	run := w.good(engine.Incremental)
	w.settings(mapped(employeeNumber, "[employeeId]")) // not redacted any more, but what was sealed stays so
	undo := w.undo(run)
	if value := w.linked(person).Attributes.Text(employeeNumber); value != "geheim-1" {
		t.Errorf("the undo gives %q", value)
	}
	for _, entry := range w.entries(undo) {
		if strings.Contains(string(entry.After.AppendJSON(entry.Before.AppendJSON(nil))), "geheim") {
			t.Errorf("the journal of the undo holds %s", engine.Differences(entry))
		}
	}
}

// stepwiseUndo lets every step of an undo be done by another node, until stop says so or the undo is over.
func (w *world) stepwiseUndo(run engine.Run, stop func(engine.Run) bool) engine.Run {
	w.Helper()
	undo, err := w.engine.Undo(w.Context(), w.org, engine.UndoRequest{Run: run.ID, Reason: "start over"})
	if err != nil {
		w.Fatal(err)
	}
	w.queue.runs = nil
	for range 100 {
		again, err := w.stepwise().Advance(w.Context(), undo.ID)
		if err != nil {
			w.Fatal(err)
		}
		if undo, err = w.engine.GetRun(w.Context(), w.org, undo.ID); err != nil || !again || stop(undo) {
			return undo
		}
		w.now = w.now.Add(time.Minute) // the lease is over
	}
	w.Fatal("the undo does not end")
	return undo
}

func never(engine.Run) bool { return false }

func TestAnUndoGoesOnWhereItWasWhenItsNodeDies(t *testing.T) {
	w := newWorld(t, 1500)
	first := w.good(engine.Incremental)
	created := first.Progress.Counts["create"]
	undo := w.stepwiseUndo(first, never)
	if undo.State != engine.Succeeded || undo.Progress.Counts["delete"] != created {
		t.Errorf("the undo is %s and did %v, want %d removed", undo.State, undo.Progress.Counts, created)
	}
	users, err := w.dir.ListUsers(t.Context(), w.org, directory.UserQuery{Limit: 10})
	if err != nil || len(users) != 0 || len(w.pins()) != 1000 { // pins returns a thousand at most
		t.Errorf("%d users and %d pins are left (%v), want none and all", len(users), len(w.pins()), err)
	}
}

func TestAnUndoThatIsBrokenOffLeavesNobodyWithoutNameAndCanBeRepeated(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	people := w.people(2)
	names := []string{w.linked(id(people[0])).Name(), w.linked(id(people[1])).Name()}
	w.patch(id(people[0]), map[string]any{"userPrincipalName": "aside@contoso.example"})
	w.patch(id(people[1]), map[string]any{"userPrincipalName": names[0]})
	w.patch(id(people[0]), map[string]any{"userPrincipalName": names[1]})
	run := w.good(engine.Incremental)
	parked := false
	broken := w.stepwiseUndo(run, func(undo engine.Run) bool {
		for _, entry := range w.entries(undo) {
			parked = parked || entry.State == engine.Parked
		}
		return parked
	})
	if !parked {
		t.Fatalf("the undo of a swap sets no name aside: %v", broken.Progress)
	}
	if err := w.newEngine().Abandon(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, person := range people {
		if found, err := w.dir.FindUsers(t.Context(), w.org, attr.UserName, []string{names[1-i]}); err != nil || len(found) != 1 || found[0].SourceID != id(person) {
			t.Errorf("the name %s has %v (%v)", names[1-i], found, err)
		}
	}
	w.good(engine.Incremental)
	w.undo(run)
	for i, person := range people {
		if name := w.linked(id(person)).Name(); name != names[i] {
			t.Errorf("%d is called %s, want %s", i, name, names[i])
		}
	}
}

func TestWhoWasLetGoIsTakenBack(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	before := w.linked(person)
	settings := nobody()
	settings.Scope.Users = []string{person}
	second := w.create("Second", settings)
	on := true
	if _, err := w.engine.ChangeInstance(t.Context(), second.ID, engine.Change{AutoSync: &on}); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	w.change(engine.Change{Settings: nobody()})
	run := w.good(engine.Incremental)
	if run.Progress.Counts["release"] != 1 {
		t.Fatalf("the run did %v, want a release", run.Progress.Counts)
	}
	w.undo(run)
	w.good(engine.Full)
	if user := w.linked(person); user.Owner != w.instance.ID || !user.Attributes.Equal(before.Attributes) {
		t.Errorf("after the undo and a full run the user is %+v", user)
	}
	w.runOf(second, engine.Full)
	if user := w.linked(person); user.Owner != w.instance.ID {
		t.Error("the second instance got the pinned user")
	}
}

func TestTwoChangesOfOneUserInOneRunAreTakenBackInTwoUndos(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	second := w.create("Second", nobody())
	w.runOf(second, engine.Incremental)
	person := id(w.people(1)[0])
	before := w.linked(person)
	w.control(http.MethodDelete, "/sim/users/"+person, nil)
	w.control(http.MethodPost, "/sim/users/"+person+"/purge", nil)
	w.runOf(second, engine.Incremental) // its pull tells that he is purged
	run, err := w.engine.Provision(t.Context(), w.instance.ID, []string{person})
	if err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	if entries := w.entries(run); len(entries) != 2 {
		t.Fatalf("the run on demand has %+v, want a deactivation and a removal", entries)
	}
	said := false
	for _, entry := range w.entries(w.undo(run)) {
		said = said || entry.State == engine.EntrySkipped && strings.Contains(entry.Reason.Text, "undo it once more")
	}
	w.undo(run)
	if user := w.linked(person); !said || user.ID != before.ID || !user.Attributes.Equal(before.Attributes) {
		t.Errorf("said %v; the user is %v, want %v", said, user.Attributes, before.Attributes)
	}
}

func TestAPinOfSomebodyWhoLeftAGroupEndsWhenHeIsInItAgain(t *testing.T) {
	w := newWorld(t, 40)
	p := w.someone(3)
	sales := w.group("Sales", p...)
	w.selects(w.instance, of(sales))
	w.good(engine.Incremental)
	w.leave(sales, p[0])
	left := w.good(engine.Incremental)
	undo := w.undo(left)
	if entry := w.only(undo); entry.Reason.Code != plan.UndoneDespiteEntra || !strings.Contains(entry.Reason.Text, "out of scope") {
		t.Errorf("the undo says %s: %s", entry.Reason.Code, entry.Reason.Text)
	}
	w.scoped("pinned", p...)
	w.patch(p[1], map[string]any{"jobTitle": "Wrong"})
	changed := w.good(engine.Incremental)
	if entry := w.only(w.undo(changed)); entry.Reason.Code != plan.Undone {
		t.Errorf("for a member the undo says %s: %s", entry.Reason.Code, entry.Reason.Text)
	}
	w.join(sales, p[0])
	w.scoped("in the group again", p...)
	w.leave(sales, p[0])
	w.scoped("left once more", p[1], p[2])
}
