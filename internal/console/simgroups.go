package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

// simMembersShown is how many members of a group stand on its page, on either side.
const simMembersShown = 25

// simGroupFields are the properties of a group that the form changes, as Graph names them.
var simGroupFields = []string{"displayName", "description"}

// simGroups lists the groups of the simulated tenant, and what the directory shows of each.
func (s *server) simGroups(w http.ResponseWriter, r *request) error {
	return s.simShowGroups(w, r, nil)
}

func (s *server) simShowGroups(w http.ResponseWriter, r *request, wrong *Notice) error {
	view, page, err := s.simList(r, "groups", "/simulator/groups")
	if err != nil {
		return err
	}
	view.Error = wrong
	for _, name := range simGroupFields {
		field := r.simField(tenantObject{name: r.value(name)}, name, false)
		field.Required = name == "displayName"
		view.Fields = append(view.Fields, field)
	}
	kinds := Field{Name: "kind", Label: r.say("sim.field.kind"), Type: "select"}
	for _, kind := range []string{"security", "microsoft365"} {
		kinds.Options = append(kinds.Options, Choice{Text: r.say("sim.kind." + kind), Value: kind, Current: kind == r.value("kind")})
	}
	view.Fields = append(view.Fields, kinds)
	statuses, err := s.simStatuses(r, plan.Group, page.Groups)
	if err != nil {
		return err
	}
	for _, group := range page.Groups {
		view.Rows = append(view.Rows, simRow{
			Href: r.at("/simulator/groups/", group.text("id")), Name: group.label(), Detail: group.text("description"), About: r.say("sim.kind." + group.text("kind")),
			State: r.simStatus(group), Directory: statuses[group.text("id")], Count: group.count("user_count", "group_count", "other_count"),
		})
	}
	return r.render(w, refusedStatus(wrong), "simgroups", view)
}

func (s *server) simCreateGroup(w http.ResponseWriter, r *request) error {
	want := r.simChanges(nil, simGroupFields)
	want["kind"] = r.value("kind")
	var made tenantObject
	if err := s.simulator.call(r.ctx(), http.MethodPost, "/groups", want, &made); err != nil {
		wrong, err := r.simRefused(err)
		if err != nil {
			return err
		}
		return s.simShowGroups(w, r, wrong)
	}
	return r.done(w, "/simulator/groups/"+made.text("id"), "sim.created")
}

type simGroupView struct {
	simHead
	ID, Name, Kind string
	Gone, Deleted  bool
	// Binned: a group of this kind is kept in the recycle bin for a while.
	Binned    bool
	State     Pill
	DeletedAt *Moment
	Fields    []Field
	Join      Field
	Error     *Notice
	Members   []simMemberRow
	Count     int
	Pager     Pager
	Effect    effect
}

type simMemberRow struct {
	ID, Name, Href, Kind string
	State                Pill
}

// simGroup shows a group of the tenant with its members, and beside it what the directory shows of it.
func (s *server) simGroup(w http.ResponseWriter, r *request) error { return s.simShowGroup(w, r, nil) }

func (s *server) simShowGroup(w http.ResponseWriter, r *request, wrong *Notice) error {
	id := r.PathValue("id")
	group, err := s.simulator.one(r.ctx(), "groups", id)
	if err != nil {
		return err
	}
	view := simGroupView{simHead: r.simHead("/simulator/groups"), ID: id, Gone: group == nil, State: r.simStatus(group), Deleted: group.deleted(), Error: wrong, Binned: group.text("kind") != "security"}
	if view.Effect, err = s.simEffect(r, plan.Group, id); err != nil {
		return err
	}
	if view.Gone && len(view.Effect.History) == 0 {
		return fault.New(fault.NotFound, "SimulatorUnknown", "there is no such group")
	}
	view.Name, view.DeletedAt = simName(group, view.Effect, id), r.simMoment(group.text("deletedDateTime"))
	if !view.Gone {
		view.Kind = r.say("sim.kind." + group.text("kind"))
		for _, name := range simGroupFields {
			field := r.simField(group, name, view.Deleted || !r.may("changeGroup"))
			if sent := r.PostForm[name]; len(sent) > 0 {
				field.Value = sent[0]
			}
			view.Fields = append(view.Fields, field)
		}
		view.Join = Field{Name: "member", Label: r.say("sim.join"), Hint: r.say("sim.join.hint"), Type: "text", Value: r.value("member"), Required: true, Complete: "off", Max: 1024}
		if err := s.simMembers(r, id, &view); err != nil {
			return err
		}
	}
	r.titled(view.Name, r.say("sim.title"), "/simulator", r.say("groups.title"), "/simulator/groups")
	return r.render(w, refusedStatus(wrong), "simgroup", view)
}

// simMembers adds a page of the group's direct members.
func (s *server) simMembers(r *request, id string, view *simGroupView) error {
	offset, err := r.simOffset()
	if err != nil {
		return err
	}
	var page struct {
		Members []struct{ Type, ID, State, Name string }
		Total   int
	}
	query := url.Values{"limit": {strconv.Itoa(simMembersShown)}, "offset": {strconv.Itoa(offset)}}
	if err := s.simulator.call(r.ctx(), http.MethodGet, "/groups/"+url.PathEscape(id)+"/members?"+query.Encode(), nil, &page); err != nil {
		return err
	}
	view.Count, view.Pager = page.Total, r.simPager(offset, len(page.Members), page.Total)
	for _, member := range page.Members {
		row := simMemberRow{ID: member.ID, Name: cmp.Or(member.Name, member.ID), Kind: r.say("sim.member." + member.Type), State: r.simStatus(tenantObject{"state": member.State})}
		switch member.Type {
		case "user":
			row.Href = r.at("/simulator/users/", member.ID)
		case "group":
			row.Href = r.at("/simulator/groups/", member.ID)
		}
		view.Members = append(view.Members, row)
	}
	return nil
}

func (s *server) simChangeGroup(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	group, err := s.simulator.one(r.ctx(), "groups", id)
	if err != nil {
		return err
	}
	changes := r.simChanges(group, simGroupFields)
	if len(changes) == 0 {
		return r.done(w, "/simulator/groups/"+url.PathEscape(id), "sim.unchanged")
	}
	return s.simToGroup(w, r, s.simulator.call(r.ctx(), http.MethodPatch, "/groups/"+url.PathEscape(id), changes, nil))
}

// simMember lets somebody join or leave.
func (s *server) simMember(w http.ResponseWriter, r *request) error {
	step := "join"
	if r.value("step") == "leave" {
		step = "leave"
	}
	err := s.simulator.call(r.ctx(), http.MethodPost, "/groups/"+url.PathEscape(r.PathValue("id"))+"/"+step, map[string]any{"members": []string{r.value("member")}}, nil)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.Invalid, "SimulatorNobody", "there is nobody with this name")
	}
	return s.simToGroup(w, r, err)
}

// simGroupStep deletes, restores or purges.
func (s *server) simGroupStep(w http.ResponseWriter, r *request) error {
	if !slices.Contains([]string{"delete", "restore", "purge"}, r.PathValue("step")) {
		return fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	return s.simToGroup(w, r, s.simStep(r, "groups"))
}

// simToGroup leads back to the group after a step, or shows it with what was refused.
func (s *server) simToGroup(w http.ResponseWriter, r *request, err error) error {
	if err == nil {
		return r.done(w, "/simulator/groups/"+url.PathEscape(r.PathValue("id")), "sim.done")
	}
	wrong, err := r.simRefused(err)
	if err != nil {
		return err
	}
	return s.simShowGroup(w, r, wrong)
}

// simMoment reads a time as the tenant writes it; "" and what is none are not shown.
func (r *request) simMoment(text string) *Moment {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil {
		return nil
	}
	return r.moment(at)
}
