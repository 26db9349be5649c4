package directory

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Result is what became of one change of a run.
type Result struct {
	// Applied: the directory holds After now.
	Applied bool
	// Superseded: the object changed since it was planned; plan it again.
	Superseded bool
	// Failure says why the change could not be applied: NameHeld or InvalidDomain; nil otherwise.
	Failure *plan.Reason
}

// ApplyChanges writes a batch of one run's changes in the order given, in the transaction of the context or in one of its own; an error
// means that nothing was written. Results stand at the changes' places.
//
// A user who is restored comes from the archive, which keeps his copy no longer; no copy of the planned version supersedes the change.
//
// A change is superseded when the object's version moved on or another instance owns it meanwhile (rule 3). It fails when the name is held
// by another user or its domain is not verified (D10); if it deactivates somebody, it is superseded then, because planned again it
// deactivates him without the name. One object's failure does not stop the others. Whose name was parked and whose change was not applied
// gets his name back.
func (s *Service) ApplyChanges(ctx context.Context, org, instance ident.ID, changes []plan.Change) ([]Result, error) {
	results := make([]Result, len(changes))
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		b, err := s.load(ctx, org, instance, changes)
		if err != nil {
			return err
		}
		var parked []ident.ID
		for i, change := range changes {
			if results[i], err = b.apply(ctx, change); err != nil {
				return err
			}
			if change.Park && !results[i].Applied {
				parked = append(parked, change.ObjectID)
			}
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		return s.RestoreNames(ctx, org, parked)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// batch applies changes: updates at once, inserts and removals in bulk, before something that depends on them or in the end.
type batch struct {
	*Service
	org, instance ident.ID
	now           time.Time
	rule          domainRule
	// users are those that exist, as they are after what this batch did.
	users map[ident.ID]User
	// holders says who has a name key now, as far as this batch cares.
	holders map[string]User
	inserts []User
	// fresh are the users among inserts.
	fresh map[ident.ID]bool
	// archived are the copies of users who are to be restored; restored are those of users who were.
	archived map[ident.ID]Archived
	restored []Archived
	removals []User
	reasons  []string
}

func (s *Service) load(ctx context.Context, org, instance ident.ID, changes []plan.Change) (*batch, error) {
	b := &batch{
		Service: s, org: org, instance: instance, now: s.now(), users: make(map[ident.ID]User, len(changes)),
		holders: make(map[string]User, len(changes)), fresh: map[ident.ID]bool{},
	}
	ids := make([]ident.ID, 0, len(changes))
	var keys []string
	var restorable []ident.ID
	for _, change := range changes {
		ids = append(ids, change.ObjectID)
		if change.Action == plan.Restore {
			restorable = append(restorable, change.ObjectID)
		}
		if name := change.After.Text(attr.UserName); name != "" {
			keys = append(keys, attr.NameKey(name))
		}
	}
	var err error
	if b.rule, err = s.domainRule(ctx, org); err != nil {
		return nil, err
	}
	users, err := s.store.UsersByID(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		b.users[user.ID] = user
	}
	holders, err := s.store.UsersByNameKey(ctx, org, keys)
	if err != nil {
		return nil, err
	}
	for _, holder := range holders {
		b.holders[attr.NameKey(holder.Name())] = holder
	}
	b.archived, err = s.archivedByID(ctx, org, restorable)
	return b, err
}

func (b *batch) apply(ctx context.Context, change plan.Change) (Result, error) {
	if !change.Action.Writes() {
		return Result{}, fault.New(fault.Internal, "", "a change that does not write (%s) was to be applied", change.Action)
	}
	user, exists := b.users[change.ObjectID]
	asPlanned := exists && user.Version == change.BaseVersion && (user.Owner.IsZero() || user.Owner == b.instance)
	switch change.Action {
	case plan.Create:
		asPlanned = !exists
	case plan.Restore:
		kept, isKept := b.archived[change.ObjectID]
		asPlanned = !exists && isKept && kept.User.Version+1 == change.BaseVersion
	default:
	}
	if !asPlanned {
		return Result{Superseded: true}, nil
	}
	if result, refused := b.refuseName(change, user.Name()); refused {
		return result, nil
	}
	var err error
	switch change.Action {
	case plan.Create:
		b.create(change)
	case plan.Restore:
		b.restore(change)
	case plan.Delete:
		err = b.delete(ctx, change, user)
	default:
		err = b.update(ctx, change, user)
	}
	return Result{Applied: err == nil}, err
}

// refuseName reports whether the change cannot give its object, which is called current so far, the name it wants.
func (b *batch) refuseName(change plan.Change, current string) (Result, bool) {
	name := change.After.Text(attr.UserName)
	if name == "" {
		return Result{}, false
	}
	var failure plan.Reason
	holder, held := b.holders[attr.NameKey(name)]
	switch {
	case held && holder.ID != change.ObjectID:
		failure = plan.Reason{Code: plan.NameHeld, Text: "name held by " + holder.Label()}
	case !b.rule.allows(name, current):
		failure = plan.Reason{Code: "InvalidDomain", Text: name + " is not possible: its domain is not verified, and all users must have a verified domain"}
	default:
		return Result{}, false
	}
	if change.Removal {
		return Result{Superseded: true}, true
	}
	return Result{Failure: &failure}, true
}

func (b *batch) create(change plan.Change) {
	b.insert(User{
		OrgID: b.org, ID: change.ObjectID, Attributes: attr.Record{}.Merge(change.After), Owner: b.instance, SourceID: change.SourceID,
		Origin: "Entra", Version: 1, CreatedAt: b.now, UpdatedAt: b.now,
	})
}

// restore makes the user of the copy in the archive again, a member of what he was a member of. What acted for him stays revoked.
func (b *batch) restore(change plan.Change) {
	kept := b.archived[change.ObjectID]
	user := kept.User
	user.Owner, user.SourceID, user.Version, user.UpdatedAt = b.instance, change.SourceID, change.BaseVersion+1, b.now
	b.restored = append(b.restored, kept)
	b.insert(user)
}

func (b *batch) insert(user User) {
	b.inserts, b.fresh[user.ID] = append(b.inserts, user), true
	b.users[user.ID] = user
	b.moved("", user.Name(), user)
}

func (b *batch) delete(ctx context.Context, change plan.Change, user User) error {
	if b.fresh[user.ID] {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.removals, b.reasons = append(b.removals, user), append(b.reasons, change.Reason.Text)
	delete(b.users, user.ID)
	b.moved(user.Name(), "", user)
	return nil
}

func (b *batch) update(ctx context.Context, change plan.Change, user User) error {
	base, name := user.Version, user.Name()
	user.Owner, user.SourceID = b.instance, change.SourceID
	if change.Action == plan.Release {
		user.Owner, user.SourceID = ident.ID{}, ""
	}
	user.Attributes = user.Attributes.Merge(change.After)
	user.Version, user.UpdatedAt = base+1, b.now
	if b.fresh[user.ID] || len(b.removals) > 0 && user.Name() != name {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	if err := b.store.UpdateUser(ctx, user, base); err != nil {
		return err
	}
	b.users[user.ID] = user
	b.moved(name, user.Name(), user)
	return nil
}

// moved notes that a name changed hands.
func (b *batch) moved(from, to string, user User) {
	if key := attr.NameKey(from); from != "" && b.holders[key].ID == user.ID {
		delete(b.holders, key)
	}
	if to != "" {
		b.holders[attr.NameKey(to)] = user
	}
}

// flush writes removals, which free names, and then inserts.
func (b *batch) flush(ctx context.Context) error {
	if len(b.removals) > 0 {
		if err := b.remove(ctx, b.removals, b.reasons); err != nil {
			return err
		}
		b.removals, b.reasons = nil, nil
	}
	if len(b.inserts) > 0 {
		if err := b.store.InsertUsers(ctx, b.inserts); err != nil {
			return err
		}
		b.inserts = nil
		clear(b.fresh)
	}
	return b.flushRestored(ctx)
}

// flushRestored puts restored users, who are written already, back into their groups and drops their copies.
func (b *batch) flushRestored(ctx context.Context) error {
	if len(b.restored) == 0 {
		return nil
	}
	ids := make([]ident.ID, len(b.restored))
	var memberships []Membership
	for i, kept := range b.restored {
		ids[i] = kept.ID
		memberships = append(memberships, kept.Memberships...)
	}
	b.restored = nil
	if err := b.rejoin(ctx, b.org, memberships); err != nil {
		return err
	}
	return b.store.DeleteArchived(ctx, b.org, ids)
}

// UsersByID returns the users with these ids that exist, in no order.
func (s *Service) UsersByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]User, error) {
	return s.store.UsersByID(ctx, org, ids)
}

// FindUsers returns the users that have one of the values, in no order: of attr.UserName (values are name keys), attr.ExternalID (exactly)
// or attr.DisplayName (without regard to case).
func (s *Service) FindUsers(ctx context.Context, org ident.ID, path string, values []string) ([]User, error) {
	if path == attr.UserName {
		return s.store.UsersByNameKey(ctx, org, values)
	}
	return s.store.UsersBy(ctx, org, path, values)
}
