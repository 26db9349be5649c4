package scimapp

import (
	"context"

	"rollcall/internal/fault"
	"rollcall/internal/plan"
	"rollcall/internal/scimclient"
)

// missing settles those of the members whom the service was told about already, and returns the others: a member who is added twice is there twice in
// some services. A service that does not tell its members is told again. If it cannot be asked, the change is pending, and there is nothing to tell.
func (c *crowd) missing(ctx context.Context, place int, group Object, rows []Member, members []plan.Member) ([]Member, []plan.Member) {
	if !c.said.MembersTold {
		return rows, members
	}
	there, err := c.inside(ctx, group)
	switch f := fault.Of(err); {
	case f != nil && (f.Kind == fault.NotFound || f.Code == scimclient.AnswerTooLarge): // sending says what is to be said
		return rows, members
	case err != nil:
		c.pending[place], c.cause = true, err
		return nil, nil
	}
	var leftRows []Member
	var left []plan.Member
	for i, row := range rows {
		if there[row.RemoteID] == row.Marks.there() {
			c.done(place, rows[i:i+1], members[i:i+1])
			continue
		}
		leftRows, left = append(leftRows, row), append(left, members[i])
	}
	return leftRows, left
}

// inside returns the service's ids of those who are in a group.
func (c *crowd) inside(ctx context.Context, group Object) (map[string]bool, error) {
	resource, err := c.client.Get(ctx, scimclient.Group, group.RemoteID, "members")
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, id := range memberIDs(resource) {
		there[id] = true
	}
	return there, nil
}

// again puts what is still missing of an operation with an unknown outcome into the wave.
func (c *crowd) again(ctx context.Context, j joining) {
	rows, members := c.missing(ctx, j.place, c.groups[c.changes[j.place].ObjectID], j.rows, j.members)
	if len(rows) == 0 {
		return
	}
	j.operation, j.rows, j.members, j.tries = patchMembers(j.operation.ID, rows), rows, members, j.tries+1
	c.wave = append(c.wave, j)
}
