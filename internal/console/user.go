package console

import (
	"fmt"
	"net/http"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/expr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// How much of a user's groups and history his page shows.
const (
	groupsShown  = 100
	historyShown = 25
)

type userView struct {
	userRow
	ID, SourceID string
	Notice       *Notice
	Attributes   []attribute
	Manager      *Choice
	Groups       []Choice
	Created      *Moment
	History      []historyLine
	Undo         *undoView
	// Editable: no instance manages the user. KeptUntil is until when a copy would stay if he were deleted now.
	Editable, Active bool
	KeptUntil        string
}

type historyLine struct {
	State    Pill
	At       *Moment
	Instance string
	Reason   string
	Lines    []Line
}

// user shows one user (A4).
func (s *server) user(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	user, err := s.Directory.User(r.ctx(), r.org, id)
	if err != nil {
		return err
	}
	kept, err := s.Directory.RetentionOf(r.ctx(), r.org)
	if err != nil {
		return err
	}
	view := userView{
		userRow: r.userRow(user), ID: id.String(), SourceID: user.SourceID, Created: r.moment(user.CreatedAt), Attributes: r.userAttributes(user.Attributes),
		Editable: user.Owner.IsZero(), Active: user.Active(), KeptUntil: r.day(r.now().AddDate(0, 0, kept.Archive)),
	}
	switch {
	case view.Until != "":
		n := notice("warn", "", r.say("user.inBin", "day", r.day(user.RestorableUntil())))
		view.Notice = &n
	case !user.Owner.IsZero():
		n := notice("info", "", r.say("user.managed", "instance", user.OwnerName))
		view.Notice = &n
	}
	if err := s.relations(r, user, &view); err != nil {
		return err
	}
	if view.History, err = s.history(r, plan.User, user.ID, user.SourceID, historyShown); err != nil {
		return err
	}
	if view.Undo, err = s.undoOf(r, plan.User, user.ID, view.Name, user.Version); err != nil {
		return err
	}
	r.titled(view.Name, r.say("users.title"), "/users")
	return r.render(w, http.StatusOK, "user", view)
}

// relations adds the manager and the groups.
func (s *server) relations(r *request, user directory.User, view *userView) error {
	managers, err := s.Directory.ManagersOf(r.ctx(), r.org, []directory.User{user})
	if err != nil {
		return err
	}
	if manager, known := managers[user.ID]; known {
		view.Manager = &Choice{Text: manager.Label(), Href: r.at("/users/", manager.ID.String())}
		for i := range view.Attributes {
			if view.Attributes[i].Path == shownPath(attr.Manager) {
				view.Attributes[i].Value = manager.Label()
			}
		}
	}
	groups, err := s.Directory.MemberOf(r.ctx(), r.org, user.ID, ident.ID{}, groupsShown)
	for _, membership := range groups {
		view.Groups = append(view.Groups, Choice{Text: membership.Of.Name(), Href: r.at("/groups/", membership.Of.ID.String())})
	}
	return err
}

// history lists the latest lines of the provisioning log about one object, known by its id in the directory, in the tenant (sourceID), or both.
func (s *server) history(r *request, kind plan.ObjectType, id ident.ID, sourceID string, limit int) ([]historyLine, error) {
	who := &engine.LogPeople{}
	if !id.IsZero() {
		who.Objects = []ident.ID{id}
	}
	if sourceID != "" {
		who.Sources = []string{sourceID}
	}
	entries, _, err := s.Engine.Log(r.ctx(), engine.LogQuery{Org: r.org, Objects: []plan.ObjectType{kind}, Who: who, Limit: limit})
	if err != nil {
		return nil, err
	}
	names, err := s.instanceNames(r)
	if err != nil {
		return nil, err
	}
	lines := make([]historyLine, len(entries))
	for i, entry := range entries {
		lines[i] = historyLine{
			State: r.entryPill(entry), At: r.moment(entry.At()), Instance: names[entry.InstanceID], Reason: sentence(entry.Reason.Text),
			Lines: differences(entry.Before, entry.After),
		}
	}
	return lines, nil
}

// entryPill says what a change did, or would do.
func (r *request) entryPill(entry engine.Entry) Pill {
	tone := map[engine.EntryState]string{engine.Applied: "ok", engine.Held: "warn", engine.EntryFailed: "bad", engine.EntrySkipped: "idle"}[entry.State]
	if tone == "" {
		tone = "info"
	}
	did := "sync.would.do."
	if entry.State == engine.Applied {
		did = "action."
	} else if entry.Action == plan.Update {
		did = "sync.do."
	}
	return pill(tone, r.say(did+string(entry.Action))+" · "+r.say("entry."+string(entry.State)))
}

func (s *server) instanceNames(r *request) (map[ident.ID]string, error) {
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	names := map[ident.ID]string{}
	for _, instance := range instances {
		names[instance.ID] = instance.Name
	}
	return names, err
}

// attribute is one of an object's: its path, and the word that people use for it, if there is one.
type attribute struct{ Label, Path, Value string }

func (r *request) userAttributes(record attr.Record) []attribute {
	return r.attributeList("user.", append(userFields(), formField{name: "externalID", path: attr.ExternalID}, formField{name: "manager", path: attr.Manager}), record)
}

func (r *request) groupAttributes(record attr.Record) []attribute {
	return r.attributeList("group.", groupFields(), record)
}

// attributeList is a record to be shown: first what its form knows, in the form's words and order, then everything else by path. What a status says
// already is left out.
func (r *request) attributeList(prefix string, form []formField, record attr.Record) []attribute {
	list := make([]attribute, 0, len(record))
	told := map[string]bool{attr.Active: true}
	for _, field := range form {
		if value := record.Get(field.path); value != nil && !told[field.path] {
			list = append(list, attribute{Label: r.say(prefix + field.name), Path: shownPath(field.path), Value: shownValue(value)})
		}
		told[field.path] = true
	}
	for _, field := range record {
		if !told[field.Name] {
			list = append(list, attribute{Path: shownPath(field.Name), Value: shownValue(field.Value)})
		}
	}
	return list
}

// shownPath is an attribute's path without what all extensions begin with.
func shownPath(path string) string {
	return strings.TrimPrefix(path, "urn:ietf:params:scim:schemas:extension:")
}

// shownValue is an attribute's value as text; a sealed one is not shown.
func shownValue(value any) string {
	if _, sealed := attr.Sealed(value); sealed {
		return expr.Redacted
	}
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []string:
		return strings.Join(v, ", ")
	}
	return fmt.Sprint(value)
}
