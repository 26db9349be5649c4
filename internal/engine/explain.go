package engine

import (
	"context"
	"slices"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// Explain says what Rollcall makes of one person of the instance's tenant, and why: in scope or not and by which rule, which user of the
// directory he is, what would be written by which mapping, what was written last, what waits, and which of the groups that the instance keeps he is
// in or is to be in. who is an object id, a userPrincipalName, or name or id of a directory user. It writes nothing. With live the person is read from the tenant now, without
// being stored; else it is what the mirror holds. A person whom nobody knows is no error: the step import says so.
func (e *Engine) Explain(ctx context.Context, instance Instance, who string, live bool) (Explanation, error) {
	x := newExplanation(who, e.Now(), live)
	w, rules, err := e.looking(ctx, instance)
	if err != nil {
		return x, err
	}
	s, err := e.subjectOf(ctx, w, rules, who, live)
	if err != nil {
		return x, err
	}
	if err := e.begin(ctx, w, rules, &x, s); err != nil || !s.known() {
		return x, err
	}
	object, err := e.objectOf(ctx, instance, s.user)
	if err != nil {
		return x, err
	}
	judged, err := e.judge(ctx, w, rules, x.At, []Object{object})
	if err != nil {
		return x, err
	}
	f := foreseen{work: w, rules: rules, judged: judged, object: object}
	if f.change, f.does = judged.changes[0], judged.does[0]; f.does {
		f.change = foreseeName(f.change)
	}
	if err := e.conclude(ctx, &x, f); err != nil {
		return x, err
	}
	return x, e.tellGroups(ctx, f, &x)
}

// subject is the person who is explained, as he was found.
type subject struct {
	person
	cursor mirror.Cursor
	// asked: the tenant was asked, and refused says why it did not answer.
	asked   bool
	refused error
	// presence is what the tenant said; user is what the mirror holds, or would hold after a look, before what it held.
	presence     graph.Presence
	user, before mirror.User
	// lacks are properties that the rules need and the mirror was never filled with; unread counts groups of the scope whose members are not
	// known yet.
	lacks  []string
	unread int
}

// known reports whether there is a record to plan with.
func (s subject) known() bool {
	return s.user.SourceID != "" && s.refused == nil && len(s.lacks) == 0 && s.unread == 0
}

func (e *Engine) subjectOf(ctx context.Context, w *work, rules *plan.Rules, who string, live bool) (subject, error) {
	s := subject{asked: live}
	var err error
	if s.cursor, err = e.Store.Cursor(ctx, w.connection.ID); err != nil {
		return s, err
	}
	var tenant mirror.Tenant
	if live {
		tenant, s.refused = e.Tenant(w.connection)
	}
	if s.person, err = e.identify(ctx, w.instance, tenant, who); err != nil {
		if !live || fault.KindOf(err) == fault.Internal {
			return s, err
		}
		s.refused = err
	}
	if s.refused != nil || s.id == "" {
		return s, ctx.Err()
	}
	if !live {
		if err := e.fromMirror(ctx, w, rules, &s); err != nil {
			return s, err
		}
		s.unread, err = e.unreadFor(ctx, w, rules, s.user)
		return s, err
	}
	puller := &mirror.Pull{Connection: w.connection.ID, Tenant: tenant, Store: e.Store, Now: e.Now}
	sightings, err := puller.Look(ctx, []string{s.id}, rules.Needs())
	sighting := sightings[s.id]
	s.refused, s.presence, s.user, s.before = err, sighting.Presence, sighting.User, sighting.Before
	if s.unread, err = e.unreadFor(ctx, w, rules, s.user); err != nil {
		return s, err
	}
	return s, ctx.Err()
}

// unreadFor counts the groups whose unknown members keep somebody from being decided on: none if he is in scope by what is known.
func (e *Engine) unreadFor(ctx context.Context, w *work, rules *plan.Rules, user mirror.User) (int, error) {
	if !rules.Scope.ByMembership() || user.SourceID == "" {
		return 0, nil
	}
	unread, err := e.unreadGroups(ctx, w.connection.ID, rules)
	if err != nil || unread == 0 {
		return 0, err
	}
	through, err := e.memberships(ctx, w, rules, []Object{{User: user}})
	if err != nil {
		return 0, err
	}
	source := user.Source()
	source.Through = through[0]
	if rules.Draft(source, nil).InScope() {
		return 0, nil
	}
	return unread, nil
}

func (e *Engine) fromMirror(ctx context.Context, w *work, rules *plan.Rules, s *subject) error {
	users, err := e.Store.LoadUsers(ctx, w.connection.ID, []string{s.id}, false)
	s.user = users[s.id]
	for _, property := range rules.Needs() {
		if !slices.Contains(s.cursor.Attributes, property) {
			s.lacks = append(s.lacks, property)
		}
	}
	return err
}

// objectOf returns what planning needs to know of a person, who may be read from the tenant and not be stored.
func (e *Engine) objectOf(ctx context.Context, instance Instance, user mirror.User) (Object, error) {
	stored, err := e.Store.ObjectsOf(ctx, instance, []string{user.SourceID})
	if err != nil || len(stored) == 0 {
		return Object{User: user}, err
	}
	object := stored[0]
	object.User = user
	return object, nil
}

// foreseen is what planning says of one person, for the steps that tell about it.
type foreseen struct {
	*work
	rules *plan.Rules
	judged
	// place of the person in judged.
	place  int
	object Object
	// change is what is done, after names were settled; does: there is one.
	change plan.Change
	does   bool
	// named: a person asked for him by name, so the guard does not hold the change.
	named bool
	// hidden are the paths whose values nobody is shown.
	hidden []string
	// of is what the change is about: a person or a group.
	of plan.ObjectType
}

// foreseeName fails a change whose name somebody else holds, as a run without changes of anybody else does.
func foreseeName(change plan.Change) plan.Change {
	if !change.Action.Writes() {
		return change
	}
	for _, resolution := range plan.ResolveNames([]plan.Claim{claimOf(Entry{Change: change, State: Planned})}) {
		if resolution.Failed {
			return change.NameHeld(resolution.Holder)
		}
	}
	return change
}

// conclude fills the steps that planning answers, and the outcome.
func (e *Engine) conclude(ctx context.Context, x *Explanation, f foreseen) error {
	former, err := e.redacted(ctx, f.work)
	if err != nil {
		return err
	}
	f.hidden = union(former, f.rules.Mapping.Redacted())
	trace := f.judged.rules.Trace(f.drafts[f.place], f.found)
	x.ObjectID, x.ObjectName = f.aim(trace)
	step := f.scopeStep(trace)
	if err := e.missedGroups(ctx, f, trace, &step); err != nil {
		return err
	}
	if err := e.tellWays(ctx, f, &step); err != nil {
		return err
	}
	x.set(step)
	if trace.Decision.Never {
		x.Outcome = OutcomeSkipped
		return nil
	}
	match := f.matchStep(trace)
	x.set(match)
	act, err := e.actStep(ctx, f, trace, x.ObjectID)
	if err != nil {
		return err
	}
	x.set(act)
	x.Outcome = outcomeOf(match, act)
	return nil
}

// aim is the directory user whom the person is tied to, or is going to be.
func (f foreseen) aim(trace plan.Trace) (id [16]byte, name string) {
	switch {
	case trace.Linked != nil:
		return trace.Linked.ID, trace.Linked.Label()
	case !f.change.ObjectID.IsZero():
		return f.change.ObjectID, f.change.ObjectName
	case len(trace.Matches) == 1:
		return trace.Matches[0].ID, trace.Matches[0].Label()
	}
	return id, ""
}

// sentence makes a sentence of a reason, which has neither subject nor full stop.
func sentence(subject, predicate string) string {
	text := strings.TrimSpace(subject + " " + predicate)
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
