package graph

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/internal/attr"
)

// Group is one group of a page: https://learn.microsoft.com/graph/api/resources/group.
type Group struct {
	// ID is the object id, never empty.
	ID string
	// Removed is set only by a delta; "" means that the group exists. Of deleted groups only those of Microsoft 365 are Changed; a security
	// group is Deleted at once.
	Removed Removal
	// DeletedAt is since when the group is in the recycle bin; zero if the answer does not say.
	DeletedAt time.Time
	// Record holds the properties by Graph's names, as that of a User does.
	Record attr.Record
	// Members are, in a delta, who joined and who left; those not named have not changed. After a first round, a creation or a restoration
	// they are all members, over one or several pages. The order says nothing, and a member may be told again.
	Members []Member
}

// Member is a direct member of a group, or a change of one.
type Member struct {
	// ID is the object id, never empty.
	ID string
	// Type is TypeUser, TypeGroup, or what else Graph calls it, such as "device", "orgContact" or "servicePrincipal"; "" if it does not say.
	Type string
	// Left says, in a delta, that the member is none any more.
	Left bool
}

// Types of members that matter here; Graph has more.
const (
	TypeUser  = "user"
	TypeGroup = "group"
)

// Names of Graph that need care.
const (
	propMembers = "members"
	noteMembers = "members@delta"
	noteType    = "@odata.type"
	typePrefix  = "#microsoft.graph."
)

// GroupPage is one complete answer of a list or delta query of groups. A page may be empty and yet have a Next.
type GroupPage struct {
	// Groups in the order of the answer. The same group may come several times, on one page or on several. Then the last Record counts, and the
	// Members add up: a large group is spread over pages.
	Groups []Group
	// Next, Delta and Count are those of a Page; the links go to FollowGroups.
	Next, Delta string
	Count       int
}

// MemberPage is one complete answer of a list of members. A page may be empty and yet have a Next.
type MemberPage struct {
	// Members in the order of the answer. The same member may come twice.
	Members []Member
	// Next is the link of the next page, "" at the end. It is opaque and goes to FollowMembers.
	Next string
	// Count is how many members the group has, -1 if the page does not say. Only the first page does; it may be off by what changed in the
	// last minutes.
	Count int
}

// decodeGroupPage reads the body of a page of groups, completely or not at all.
func decodeGroupPage(body []byte, as shape) (GroupPage, error) {
	var groups []Group
	var scratch []byte
	around, err := decodeEnvelope(body, as, func(in *scanner) (err error) {
		var group Group
		if group, scratch, err = in.group(scratch[:0], as); err != nil {
			return fmt.Errorf("group %d of the page: %w", len(groups), err)
		}
		groups = append(groups, group)
		return nil
	})
	if err != nil {
		return GroupPage{}, err
	}
	return GroupPage{Groups: groups, Next: around.next, Delta: around.delta, Count: around.count}, nil
}

// group reads a group. Its members, which can be a thousand times more than the rest, are read where they stand; the rest is collected in
// scratch, which is returned for the next group, and read as a record.
func (s *scanner) group(scratch []byte, as shape) (Group, []byte, error) {
	var members []Member
	scratch = append(scratch, '{')
	start := 0
	err := s.items('{', '}', func() error {
		s.next()
		start = s.at
		name, err := s.text()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if name == noteMembers && s.next() == '[' {
			return s.members(&members)
		}
		if _, err := s.raw(); err != nil {
			return err
		}
		if len(scratch) > 1 {
			scratch = append(scratch, ',')
		}
		scratch = append(scratch, s.data[start:s.at]...)
		return nil
	})
	if err != nil {
		return Group{}, scratch, err
	}
	scratch = append(scratch, '}')
	object, err := decodeUser(scratch, as)
	return groupOf(object, members), scratch, err
}

// groupOf makes a group of what groups have in common with users.
func groupOf(object User, members []Member) Group {
	return Group{ID: object.ID, Removed: object.Removed, DeletedAt: object.DeletedAt, Record: object.Record, Members: members}
}

// decodeMemberPage reads the body of a page of members, completely or not at all.
func decodeMemberPage(body []byte) (MemberPage, error) {
	var members []Member
	around, err := decodeEnvelope(body, whole, func(in *scanner) error { return in.member(&members) })
	if err != nil {
		return MemberPage{}, err
	}
	return MemberPage{Members: members, Next: around.next, Count: around.count}, nil
}

func (s *scanner) members(members *[]Member) error {
	return s.items('[', ']', func() error { return s.member(members) })
}

func (s *scanner) member(members *[]Member) error {
	var m Member
	err := s.fields(func(name string) (err error) {
		switch name {
		case propID:
			m.ID, err = s.text()
		case noteType:
			m.Type, err = s.text()
			m.Type = strings.TrimPrefix(m.Type, typePrefix)
		case noteRemoved:
			m.Left = true
			_, err = s.raw()
		default:
			_, err = s.raw()
		}
		return err
	})
	if err == nil && m.ID == "" {
		err = errors.New("no id")
	}
	if err != nil {
		return fmt.Errorf("member %d: %w", len(*members), err)
	}
	*members = append(*members, m)
	return nil
}
