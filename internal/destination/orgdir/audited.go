package orgdir

import (
	"context"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var _ destination.Audited = (*Directory)(nil)

// OwnedObjects returns a page of the users whom the instance manages, in the order of their names.
func (d *Directory) OwnedObjects(ctx context.Context, after string, limit int) ([]plan.Target, string, error) {
	users, err := d.service.ListUsers(ctx, d.org, directory.UserQuery{Owner: d.instance, After: after, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	targets := make([]plan.Target, len(users))
	for i, user := range users {
		targets[i] = user.Target()
	}
	if len(users) < limit {
		return targets, "", nil
	}
	return targets, attr.NameKey(users[len(users)-1].Name()), nil
}

// OwnedGroups returns a page of the groups that the instance manages, in the order of their names. Names repeat, so a place has the id as well.
func (d *Directory) OwnedGroups(ctx context.Context, after string, limit int) ([]plan.Target, string, error) {
	query := directory.GroupQuery{Owner: d.instance, Limit: limit}
	if after != "" {
		id, name, _ := strings.Cut(after, " ")
		parsed, err := ident.Parse(id)
		if err != nil {
			return nil, "", fault.Wrap(fault.Internal, "BadPlace", err, "a place in the order of groups has no id")
		}
		query.After = directory.GroupPlace{NameKey: name, ID: parsed}
	}
	groups, err := d.service.ListGroups(ctx, d.org, query)
	if err != nil {
		return nil, "", err
	}
	targets := make([]plan.Target, len(groups))
	for i, group := range groups {
		targets[i] = group.Target()
	}
	if len(groups) < limit {
		return targets, "", nil
	}
	place := groups[len(groups)-1].Place()
	return targets, place.ID.String() + " " + place.NameKey, nil
}
