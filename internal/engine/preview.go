package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// previewTime is how long a preview looks at people before it gives what it has.
const previewTime = 20 * time.Second

// Preview is what settings would do if they were saved now. Nothing is written for it, and the tenant is not read.
type Preview struct {
	// NeverRead: there was no good read of the tenant yet, so that there is nobody to count.
	NeverRead bool
	// NeedsRead are properties that the settings need and the mirror lacks: a full read comes first, and there are no counts before it.
	NeedsRead []string
	// UnreadGroups counts groups that the settings select and whose members the mirror lacks; there are no counts before they are read either.
	UnreadGroups int
	// LostGroups are ids of groups that the settings select and that bring nobody: the tenant does not know them, or they are in the bin.
	LostGroups []string
	// Users of the mirror that were looked at; Complete if these are all. InScope counts those of them who would be in scope.
	Users, InScope int
	Complete       bool
	// Changes counts what the next run would do about users, by action. Names that several people want are counted as if each could have them.
	Changes map[plan.Action]int
	// Held counts the removals among them that the guard would hold for approval.
	Held int
	// Renamed counts existing users who would get another userName. Beside counts people who would be created beside an existing user whom
	// the present settings would find.
	Renamed, Beside int
	// Failures are the reasons of the changes of users and groups that would fail, the most frequent first.
	Failures []FailureReason
	// Warnings are sentences for whoever saves the settings.
	Warnings []Warning
	// Groups is what would become of groups.
	Groups GroupPreview

	// removals counts what the guard weighs.
	removals map[plan.ObjectType]int
}

// FailureReason is why some users or groups would fail.
type FailureReason struct {
	// Code is that of the changes' reasons; Text is the reason of the first of them; Count says how many there are.
	Code, Text string
	Count      int
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
	// NobodyInScope: the settings take nobody.
	NobodyInScope = "NobodyInScope"
	// LostGroups: selected groups bring nobody.
	LostGroups = "LostGroups"
)

// Preview says what settings would do if they were saved now (C2, C7). It fails like saving them would.
func (e *Engine) Preview(ctx context.Context, instance Instance, settings Settings) (Preview, error) {
	preview := Preview{Changes: map[plan.Action]int{}, Groups: GroupPreview{Changes: map[plan.Action]int{}}, removals: map[plan.ObjectType]int{}}
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
	preview.NeverRead = cursor.LastGood.IsZero()
	for _, property := range next.Needs() {
		if !slices.Contains(cursor.Attributes, property) {
			preview.NeedsRead = append(preview.NeedsRead, property)
		}
	}
	if preview.UnreadGroups, err = e.unreadGroups(ctx, connection.ID, next); err != nil {
		return preview, err
	}
	if preview.LostGroups, err = e.lost(ctx, connection.ID, next); err != nil {
		return preview, err
	}
	if preview.counts() {
		w := work{instance: instance, connection: connection, target: e.Destination(instance)}
		now.Instance, next.Instance = instance.ID, instance.ID
		if err := e.foretell(ctx, w, &preview, now, next); err != nil {
			return preview, err
		}
		if err := e.foretellGroups(ctx, w, &preview, next, cursor.Groups); err != nil {
			return preview, err
		}
		if err := e.foretellHeld(ctx, instance, settings.Thresholds, &preview); err != nil {
			return preview, err
		}
		slices.SortStableFunc(preview.Failures, func(a, b FailureReason) int { return b.Count - a.Count })
	}
	preview.warnRead(settings.Scope)
	preview.warnScope(settings.Scope)
	preview.warnMappings(present.Attributes, settings.Attributes, instance.AutoSync)
	return preview, nil
}

// counts reports whether enough is known of the tenant to count.
func (p *Preview) counts() bool { return !p.NeverRead && p.NeedsRead == nil && p.UnreadGroups == 0 }

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

// foretellHeld weighs the removals of the next run as the guard would: it holds all of a kind, or none.
func (e *Engine) foretellHeld(ctx context.Context, instance Instance, thresholds plan.Thresholds, preview *Preview) error {
	for of, held := range map[plan.ObjectType]*int{plan.User: &preview.Held, plan.Group: &preview.Groups.Held} {
		recent, err := e.Store.RecentRemovals(ctx, instance.ID, of, 0, e.Now().Add(-guardWindow))
		if err != nil {
			return err
		}
		because, err := e.weigh(ctx, instance, of, thresholds, plan.Removals{Planned: preview.removals[of], Recent: recent})
		if err != nil {
			return err
		}
		if because != "" {
			*held = preview.removals[of]
		}
	}
	return nil
}

// weighs counts a change that the guard weighs.
func (p *Preview) weighs(of plan.ObjectType, change plan.Change) {
	if change.Removal && change.Action.Writes() {
		p.removals[of]++
	}
}

// fails counts a reason.
func (p *Preview) fails(reason plan.Reason) {
	for i := range p.Failures {
		if p.Failures[i].Code == reason.Code {
			p.Failures[i].Count++
			return
		}
	}
	p.Failures = append(p.Failures, FailureReason{Code: reason.Code, Text: reason.Text, Count: 1})
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
		p.weighs(plan.User, change)
		if change.Action == plan.Fail {
			p.fails(change.Reason)
		}
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

// warnRead says what has to be read before anything can be counted.
func (p *Preview) warnRead(rules scope.Rules) {
	if p.NeverRead {
		p.say(NeedsRead, "", "nothing is known of the tenant yet: the first run reads it")
		return
	}
	if len(p.NeedsRead) > 0 {
		p.say(NeedsRead, "", "the tenant is read in full first, because nothing is known yet of %s; until then the present settings stay in force", strings.Join(p.NeedsRead, ", "))
	}
	if p.UnreadGroups == 0 {
		return
	}
	groups := "1 selected group"
	if p.UnreadGroups > 1 {
		groups = fmt.Sprintf("%d selected groups", p.UnreadGroups)
	}
	if slices.ContainsFunc(rules.Groups, func(group scope.SelectedGroup) bool { return group.Nested }) {
		groups += ", and of the groups inside,"
	}
	p.say(NeedsRead, "", "the members of %s are read first; until then the present settings stay in force", groups)
}

// warnScope says that a selection takes nobody, or less than it names.
func (p *Preview) warnScope(rules scope.Rules) {
	switch {
	case !rules.AllUsers && len(rules.Users)+len(rules.Groups) == 0:
		p.say(NobodyInScope, "", "nobody would be in scope: scope selects nobody; allUsers: true takes everybody")
	case p.counts() && p.Complete && p.InScope == 0:
		p.say(NobodyInScope, "", "nobody would be in scope: of %d known users of the tenant none is selected and passes the filters", p.Users)
	}
	if len(p.LostGroups) > 0 {
		p.say(LostGroups, "", "%s", strings.TrimSuffix(lostSentence(p.LostGroups), "."))
	}
}

// warnMappings says what about the mappings may be a mistake.
func (p *Preview) warnMappings(before, after []mapping.Attribute, autoSync bool) {
	for _, target := range []string{attr.UserName, attr.ExternalID} {
		was, is := mapped(before, target), mapped(after, target)
		if !sameSource(was, is) {
			p.say(MakesDoubles, target, "%s is made in another way than before: people whom the present mapping would find may be created a second time; %s", target, p.doubles(autoSync))
		}
	}
	for _, w := range mapping.Warnings(after) {
		p.say(w.Code, w.Target, "%s", w.Text)
	}
}

// doubles says how many people a new way to make names touches, and how to be careful about it.
func (p *Preview) doubles(autoSync bool) string {
	known := "how many is known after the full read"
	if p.counts() {
		known = fmt.Sprintf("%d would be created beside an existing user, and %d existing users would be renamed", p.Beside, p.Renamed)
	}
	switch {
	case autoSync:
		return known + "; Auto Sync is on, so the next run does it: switch Auto Sync off first (autoSync: false), then look at a dry run"
	case !p.counts():
		return known + "; look at a dry run before you switch Auto Sync on"
	}
	return known
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
