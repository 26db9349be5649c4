package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/source"
)

// previewTime is how long a preview looks at people before it gives what it has.
const previewTime = 20 * time.Second

// Preview is what settings would do if they were saved now. Nothing is written for it, and the tenant is not read.
type Preview struct {
	// NeedsRead are properties that the settings need and the mirror lacks: a full read comes first, and there are no counts before it.
	NeedsRead []string
	// Users of the mirror that were looked at; Complete if these are all. InScope counts those of them who would be in scope.
	Users, InScope int
	Complete       bool
	// Changes counts what the next run would do, by action. Names that several people want are counted as if each could have them.
	Changes map[plan.Action]int
	// Renamed counts existing users who would get another userName. Beside counts people who would be created beside an existing user whom
	// the present settings would find.
	Renamed, Beside int
	// Warnings are sentences for whoever saves the settings.
	Warnings []Warning
}

// Warning is something about settings that is allowed and may be a mistake.
type Warning struct {
	// Code is stable, for programs.
	Code string `json:"code"`
	// Target is the path of the mapping it is about; "" if it is about none.
	Target string `json:"target,omitempty"`
	// Text is a sentence without full stop.
	Text string `json:"text"`
}

// Codes of warnings, beside those of mapping.Warnings.
const (
	// MakesDoubles: userName or externalId is mapped in another way than before.
	MakesDoubles = "MakesDoubles"
	// NeedsRead: the tenant is read in full before the settings are in force.
	NeedsRead = "NeedsRead"
)

// Preview says what settings would do if they were saved now (C2, C7). It fails like saving them would.
func (e *Engine) Preview(ctx context.Context, instance Instance, settings Settings) (Preview, error) {
	preview := Preview{Changes: map[plan.Action]int{}}
	next, err := settings.compile()
	if err != nil {
		return preview, invalid([]error{err})
	}
	present, err := e.Store.Settings(ctx, instance.ID, instance.ConfigVersion)
	if err != nil {
		return preview, err
	}
	now, err := present.compile()
	if err != nil {
		return preview, err
	}
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return preview, err
	}
	cursor, err := e.Store.Cursor(ctx, connection.ID)
	if err != nil {
		return preview, err
	}
	for _, property := range next.Needs() {
		if !slices.Contains(cursor.Attributes, property) {
			preview.NeedsRead = append(preview.NeedsRead, property)
		}
	}
	if preview.NeedsRead == nil {
		w := work{instance: instance, connection: connection, target: e.Destination(instance)}
		now.Instance, next.Instance = instance.ID, instance.ID
		if err := e.foretell(ctx, w, &preview, now, next); err != nil {
			return preview, err
		}
	}
	preview.warn(present.Attributes, settings.Attributes)
	return preview, nil
}

// foretell plans everybody with both settings and counts. Each has a work of its own, since the names that a plan gives away are kept there.
func (e *Engine) foretell(ctx context.Context, w work, preview *Preview, now, next *plan.Rules) error {
	before, after := w, w
	at, until := e.Now(), e.Machine().Add(previewTime)
	for seq := int64(0); !e.Machine().After(until); {
		objects, err := e.Store.AllObjects(ctx, w.instance, seq, planBatch)
		if err != nil {
			return err
		}
		if preview.Complete = len(objects) < planBatch; len(objects) == 0 {
			return nil
		}
		was, err := e.judge(ctx, &before, now, at, objects)
		if err != nil {
			return err
		}
		is, err := e.judge(ctx, &after, next, at, objects)
		if err != nil {
			return err
		}
		preview.add(was, is)
		if preview.Complete {
			return nil
		}
		seq = objects[len(objects)-1].Seq
	}
	return nil
}

// add counts what would become of some people.
func (p *Preview) add(was, is judged) {
	p.Users += len(is.changes)
	for i, change := range is.changes {
		if is.drafts[i].InScope() {
			p.InScope++
		}
		if !is.does[i] {
			continue
		}
		p.Changes[change.Action]++
		old := was.changes[i]
		switch {
		case change.Action == plan.Create:
			if was.does[i] && old.Link && old.Action != plan.Create {
				p.Beside++
			}
		case change.After.Has(attr.UserName) && change.TakesName != "" && (!was.does[i] || old.TakesName != change.TakesName):
			p.Renamed++
		}
	}
}

// warn says what about the mappings may be a mistake.
func (p *Preview) warn(before, after []mapping.Attribute) {
	if len(p.NeedsRead) > 0 {
		p.say(NeedsRead, "", "the tenant is read in full first, because nothing is known yet of %s; until then the present settings stay in force", strings.Join(p.NeedsRead, ", "))
	}
	for _, target := range []string{attr.UserName, attr.ExternalID} {
		was, is := mapped(before, target), mapped(after, target)
		if !sameSource(was, is) {
			p.say(MakesDoubles, target, "%s is made in another way than before: people whom the present mapping would find may be created a second time; %s", target, p.doubles())
		}
	}
	for _, w := range mapping.Warnings(after) {
		p.say(w.Code, w.Target, "%s", w.Text)
	}
}

func (p *Preview) doubles() string {
	if len(p.NeedsRead) > 0 {
		return "how many is known after the full read; look at a dry run before you switch Auto Sync on"
	}
	return fmt.Sprintf("%d would be created beside an existing user, and %d existing users would be renamed", p.Beside, p.Renamed)
}

func (p *Preview) say(code, target, format string, args ...any) {
	p.Warnings = append(p.Warnings, Warning{Code: code, Target: target, Text: fmt.Sprintf(format, args...)})
}

func mapped(attributes []mapping.Attribute, target string) mapping.Attribute {
	for _, a := range attributes {
		if strings.EqualFold(a.Target, target) {
			return a
		}
	}
	return mapping.Attribute{}
}

// sameSource reports whether two mappings give everybody the same value.
func sameSource(a, b mapping.Attribute) bool {
	return a.Kind == b.Kind && a.Source == b.Source && a.Constant == b.Constant && a.Expression == b.Expression
}

// TenantUser is a user of the tenant as the mirror holds him.
type TenantUser struct {
	source.User
	State plan.SourceState
	// Properties are the Graph properties that the mirror holds of everybody; what is not among them is not known, rather than empty.
	Properties []string
}

// TenantUser finds a user of the instance's tenant in the mirror, by object id or userPrincipalName in any case. Whoever is purged, or
// not in the mirror, fails as fault.NotFound.
func (e *Engine) TenantUser(ctx context.Context, instance Instance, who string) (TenantUser, error) {
	found, err := e.mirrored(ctx, instance, who)
	if err != nil {
		return TenantUser{}, err
	}
	if found.SourceID == "" || found.State == plan.Gone {
		return TenantUser{}, fault.New(fault.NotFound, "UnknownTenantUser", "the mirror of the tenant holds no user %q", who).
			WithRemedy("Give the object id or the userPrincipalName; whoever is new in the tenant is there after the next run.")
	}
	settings, err := e.Store.Settings(ctx, instance.ID, instance.ConfigVersion)
	if err != nil {
		return TenantUser{}, err
	}
	rules, err := settings.compile()
	if err != nil {
		return TenantUser{}, err
	}
	cursor, err := e.Store.Cursor(ctx, instance.ConnectionID)
	if err != nil {
		return TenantUser{}, err
	}
	user := source.User{ID: found.SourceID, Record: found.Record}
	blocked := user.Record.Has("accountEnabled") && !user.Record.Bool("accountEnabled")
	user.SoftDeleted = blocked || found.State != plan.Live || !rules.Scope.Decide(user).In
	return TenantUser{User: user, State: found.State, Properties: cursor.Attributes}, nil
}

// mirrored finds a user of the mirror; the zero User if there is none. The mirror has no index of names: who is synchronised is found by
// the name he has in the directory, which usually is the same, anybody else by looking at everybody.
func (e *Engine) mirrored(ctx context.Context, instance Instance, who string) (mirror.User, error) {
	ids := []string{who, strings.ToLower(who)}
	_, notAnID := ident.Parse(who)
	if notAnID != nil {
		synced, err := e.Directory.FindUsers(ctx, instance.OrgID, attr.UserName, []string{attr.NameKey(who)})
		if err != nil {
			return mirror.User{}, err
		}
		ids = nil
		for _, user := range synced {
			if user.Owner == instance.ID {
				ids = append(ids, user.SourceID)
			}
		}
	}
	users, err := e.Store.LoadUsers(ctx, instance.ConnectionID, ids, false)
	if err != nil {
		return mirror.User{}, err
	}
	for _, user := range users {
		if strings.EqualFold(user.SourceID, who) || named(user, who) {
			return user, nil
		}
	}
	if notAnID == nil {
		return mirror.User{}, nil
	}
	return e.mirroredByName(ctx, instance, who)
}

func named(user mirror.User, who string) bool {
	return user.State != plan.Gone && attr.NameKey(user.Record.Text("userPrincipalName")) == attr.NameKey(who)
}

func (e *Engine) mirroredByName(ctx context.Context, instance Instance, who string) (mirror.User, error) {
	until := e.Machine().Add(previewTime)
	for after := int64(0); !e.Machine().After(until); {
		objects, err := e.Store.AllObjects(ctx, instance, after, planBatch)
		if err != nil || len(objects) == 0 {
			return mirror.User{}, err
		}
		for _, object := range objects {
			if named(object.User, who) {
				return object.User, nil
			}
		}
		after = objects[len(objects)-1].Seq
	}
	return mirror.User{}, fault.New(fault.Unavailable, "SearchTooLong", "%q was not found within %s", who, previewTime).
		WithRemedy("Give the object id; that is quick.")
}
