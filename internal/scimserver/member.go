package scimserver

import (
	"bufio"
	"context"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// memberPage is how many members are read at a time.
const memberPage = 1000

// memberList are the members of a group, to be written page by page.
type memberList struct {
	*server
	org, group ident.ID
	base       string
	show       scim.Projection
	// none: the group has no members.
	none bool
}

// write writes the attribute, behind others of the group.
func (l *memberList) write(ctx context.Context, out *bufio.Writer) error {
	query := directory.MemberQuery{Limit: memberPage}
	if _, err := out.WriteString(`,"members":[`); err != nil {
		return err
	}
	for first, more := true, !l.none; more; {
		page, err := l.Directory.Members(ctx, l.org, l.group, query)
		if err != nil {
			return err
		}
		for _, member := range page {
			if query.After = member.Member; !first {
				if err := out.WriteByte(','); err != nil {
					return err
				}
			}
			first = false
			if err := l.writeOne(out, member); err != nil {
				return err
			}
		}
		more = len(page) == memberPage
	}
	return out.WriteByte(']')
}

func (l *memberList) writeOne(out *bufio.Writer, member directory.Member) error {
	id, endpoint := member.Member.String(), "/Users/"
	if member.Type == directory.GroupMember {
		endpoint = "/Groups/"
	}
	object := map[string]any{"value": id, "$ref": l.base + endpoint + id, "type": string(member.Type)}
	if member.DisplayName != "" {
		object["display"] = member.DisplayName
	}
	chosen := any(object)
	if list, ok := l.show.Apply(scim.Resource{"members": []any{object}})["members"].([]any); ok && len(list) == 1 {
		chosen = list[0]
	}
	_, err := out.Write(scim.AppendJSON(out.AvailableBuffer(), chosen))
	return err
}

// refsOf reads the ids of those who are to become members.
func refsOf(members []scim.Member, profile scim.Profile) ([]directory.MemberRef, error) {
	refs := make([]directory.MemberRef, len(members))
	for i, member := range members {
		id, err := ident.Parse(member.Value)
		if err != nil {
			return nil, fault.New(fault.Invalid, scim.InvalidValue, "there is no user or group %q to be a member", member.Value)
		}
		refs[i] = directory.MemberRef{ID: id}
		if is := directory.MemberType(member.Type); is == directory.UserMember || is == directory.GroupMember || profile == scim.Strict {
			refs[i].Type = is
		}
	}
	return refs, nil
}

// stepsOf returns what edits of members mean to the directory.
func stepsOf(edits []scim.MemberEdit, profile scim.Profile) ([]directory.MemberStep, error) {
	steps := make([]directory.MemberStep, 0, len(edits))
	for _, edit := range edits {
		if !edit.Add && !edit.Replace {
			steps = append(steps, leaving(edit))
			continue
		}
		refs, err := refsOf(edit.Members, profile)
		if err != nil {
			return nil, err
		}
		step := directory.MemberStep{Add: refs}
		if edit.Replace {
			step = directory.MemberStep{OnlyThese: true, Only: refs}
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// leaving is the step of an edit that takes members out. Who is no member stays none, whatever he is called.
func leaving(edit scim.MemberEdit) directory.MemberStep {
	named := edit.Members
	if edit.Filter != nil {
		ids, plain := valuesIn(edit.Filter)
		if !plain {
			return directory.MemberStep{RemoveWhere: func(member directory.Member) bool {
				return scim.Match(edit.Filter, scim.Resource{"value": member.Member.String(), "type": string(member.Type)})
			}}
		}
		for _, id := range ids {
			named = append(named, scim.Member{Value: id})
		}
	} else if !edit.Listed {
		return directory.MemberStep{RemoveWhere: func(directory.Member) bool { return true }}
	}
	var step directory.MemberStep
	for _, member := range named {
		if id, err := ident.Parse(member.Value); err == nil {
			step.Remove = append(step.Remove, id)
		}
	}
	return step
}

// valuesIn returns the ids in a filter such as value eq "…" or value eq "…"; plain is false for any other one.
func valuesIn(filter *scim.Filter) (ids []string, plain bool) {
	switch {
	case filter.Kind == scim.Compare && filter.Op == scim.Equal && filter.Ref.Name == "value":
		id, ok := filter.Value.(string)
		return []string{id}, ok
	case filter.Kind == scim.Or:
		for _, term := range filter.Terms {
			more, ok := valuesIn(term)
			if !ok {
				return nil, false
			}
			ids = append(ids, more...)
		}
		return ids, true
	}
	return nil, false
}
