package api

import (
	"context"
	"net/http"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Member is a direct member of a group.
type Member struct {
	ID          ident.ID `json:"id" format:"uuid" doc:"The id of the user or group."`
	Type        string   `json:"type" enum:"User,Group" doc:"What the member is."`
	DisplayName string   `json:"displayName" doc:"What people call the member."`
	UserName    string   `json:"userName,omitempty" doc:"The userName of a user."`
	State       string   `json:"state" enum:"Active,Inactive,Deleted" doc:"How a user stands; Deleted: in the tenant's recycle bin. A group is Active."`
	Synced      bool     `json:"synced" doc:"The owner of the group put the member in."`
	ByHand      bool     `json:"byHand" doc:"A person or a token put the member in, who stays whatever a sync does."`
}

// Membership is a group that somebody is a direct member of.
type Membership struct {
	ID          ident.ID `json:"id" format:"uuid" doc:"The group's id."`
	DisplayName string   `json:"displayName" doc:"What people call the group."`
	Owner       *Owner   `json:"owner,omitempty" doc:"The instance that manages the group."`
	Synced      bool     `json:"synced" doc:"The owner of the group put the member in."`
	ByHand      bool     `json:"byHand" doc:"A person or a token put the member in."`
}

// NewMembers are to be put into a group.
type NewMembers struct {
	Members []NewMember `json:"members" nullable:"false" doc:"Users and groups; who is a member already stays one."`
}

// NewMember is to be put into a group.
type NewMember struct {
	ID   ident.ID `json:"id" format:"uuid" doc:"The id of a user or group."`
	Type string   `json:"type,omitempty" enum:"User,Group" doc:"What it must be; absent for either."`
}

// FormerMembers are to be taken out of a group.
type FormerMembers struct {
	Members []ident.ID `json:"members" nullable:"false" doc:"The ids of users and groups; who is no member is passed over."`
}

// MembersChanged says what became of a list of members.
type MembersChanged struct {
	Changed int `json:"changed" doc:"How many came, or left."`
	// Unchanged were what the request wants them to be already.
	Unchanged int             `json:"unchanged" doc:"How many were members already, or were none."`
	Failed    []MemberFailure `json:"failed" nullable:"false" doc:"Who could not become a member, or has to stay one; the others did."`
}

// MemberFailure says why somebody could not become a member, or stays one.
type MemberFailure struct {
	ID   ident.ID `json:"id" format:"uuid" doc:"The id that was given."`
	Code string   `json:"code" doc:"For programs: UnknownMember, WrongType, OwnMember, Managed."`
	Text string   `json:"text" doc:"For people."`
}

func (s *server) serveMembers() {
	serve(s, operation{
		id: "listMembers", method: http.MethodGet, path: inOrg + "/groups/{id}/members", tag: "Groups", summary: "List the members of a group",
		detail: "Direct members only, in the order of their ids.",
	}, s.listMembers)
	serve(s, operation{
		id: "addMembers", method: http.MethodPost, path: inOrg + "/groups/{id}/members", tag: "Groups", summary: "Put members into a group",
		detail: "Those who cannot be members are told, the others come in. Into a group that an instance manages as well: they stay there " +
			"whatever the sync does.",
	}, s.addMembers)
	serve(s, operation{
		id: "removeMembers", method: http.MethodPost, path: inOrg + "/groups/{id}/remove-members", tag: "Groups", summary: "Take members out of a group",
		detail: "Members whom the instance that manages the group put in are read-only: they stay and are told, the others leave.",
	}, s.removeMembers)
	serve(s, operation{
		id: "removeMember", method: http.MethodDelete, path: inOrg + "/groups/{id}/members/{member}", tag: "Groups", summary: "Take one member out of a group",
		detail:   "Who is no member stays none. A member whom the instance that manages the group put in is read-only.",
		failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *struct {
		InGroup
		Member ident.ID `path:"member" format:"uuid" doc:"The member's id."`
	},
	) (*struct{}, error) {
		results, err := s.Directory.RemoveMembers(ctx, orgOf(ctx), in.ID, []ident.ID{in.Member})
		if err == nil && results[0].Failure != nil {
			err = fault.New(fault.Conflict, results[0].Failure.Code, "%s", results[0].Failure.Text)
		}
		return nil, err
	})
	serve(s, operation{
		id: "listUserGroups", method: http.MethodGet, path: inOrg + "/users/{id}/groups", tag: "Groups", summary: "List the groups of a user",
		detail: "Those that the user is a direct member of, in the order of their ids.",
	}, s.listUserGroups)
}

func (s *server) listMembers(ctx context.Context, in *struct {
	InGroup
	Type string `query:"type" enum:"User,Group" doc:"Only members of this type."`
	Paging
},
) (*body[List[Member]], error) {
	after, err := in.id(byMember)
	if err != nil {
		return nil, err
	}
	members, err := s.Directory.Members(ctx, orgOf(ctx), in.ID, directory.MemberQuery{
		Type: directory.MemberType(in.Type), After: after, Limit: in.Limit + 1,
	})
	return reply(page(in.Paging, byMember, members, func(m directory.Member) string { return m.Member.String() }, memberOf)), err
}

func memberOf(member directory.Member) Member {
	out := Member{
		ID: member.Member, Type: string(member.Type), DisplayName: member.DisplayName, UserName: member.UserName, State: "Inactive",
		Synced: member.Marks.Has(directory.Synced), ByHand: member.Marks.Has(directory.ByHand),
	}
	switch {
	case member.Deleted:
		out.State = "Deleted"
	case member.Active:
		out.State = "Active"
	}
	return out
}

func (s *server) addMembers(ctx context.Context, in *struct {
	InGroup
	Body NewMembers
},
) (*body[MembersChanged], error) {
	members := each(in.Body.Members, func(m NewMember) directory.MemberRef {
		return directory.MemberRef{ID: m.ID, Type: directory.MemberType(m.Type)}
	})
	results, err := s.Directory.AddMembers(ctx, orgOf(ctx), in.ID, members)
	if err != nil {
		return nil, err
	}
	return reply(membersChanged(results, func(i int) ident.ID { return members[i].ID })), nil
}

func (s *server) removeMembers(ctx context.Context, in *struct {
	InGroup
	Body FormerMembers
},
) (*body[MembersChanged], error) {
	results, err := s.Directory.RemoveMembers(ctx, orgOf(ctx), in.ID, in.Body.Members)
	if err != nil {
		return nil, err
	}
	return reply(membersChanged(results, func(i int) ident.ID { return in.Body.Members[i] })), nil
}

// membersChanged counts results; id says whom each of them is about.
func membersChanged(results []directory.MemberResult, id func(int) ident.ID) MembersChanged {
	out := MembersChanged{Failed: []MemberFailure{}}
	for i, result := range results {
		switch {
		case result.Failure != nil:
			out.Failed = append(out.Failed, memberFailure(id(i), *result.Failure))
		case result.Changed:
			out.Changed++
		default:
			out.Unchanged++
		}
	}
	return out
}

func memberFailure(id ident.ID, reason plan.Reason) MemberFailure {
	return MemberFailure{ID: id, Code: reason.Code, Text: reason.Text}
}

func (s *server) listUserGroups(ctx context.Context, in *struct {
	InUser
	Paging
},
) (*body[List[Membership]], error) {
	after, err := in.id(byMember)
	if err != nil {
		return nil, err
	}
	if _, err := s.Directory.User(ctx, orgOf(ctx), in.ID); err != nil {
		return nil, err
	}
	groups, err := s.Directory.MemberOf(ctx, orgOf(ctx), in.ID, after, in.Limit+1)
	return reply(page(in.Paging, byMember, groups, func(m directory.MemberOf) string { return m.Of.ID.String() }, func(m directory.MemberOf) Membership {
		out := Membership{
			ID: m.Of.ID, DisplayName: m.Of.Name(), Synced: m.Marks.Has(directory.Synced), ByHand: m.Marks.Has(directory.ByHand),
		}
		out.Owner = ownerOf(m.Of.Owner, m.Of.OwnerName)
		return out
	})), err
}
