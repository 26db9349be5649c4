package engine

import (
	"context"
	"slices"
	"strings"

	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// GroupRef names a group of the tenant.
type GroupRef struct {
	ID string `json:"id"`
	// Name of the group, its id if it has none.
	Name string `json:"name"`
}

// Bounds of Ways: how many it returns, and how many groups it looks at, since the ways through groups that contain each other can be more than
// anybody counts.
const (
	maxWays      = 100
	maxWaySteps  = 20_000
	maxWayLength = 50
)

// Ways returns all ways in which a user of the tenant, by object id, comes into the instance's scope through groups: each from a selected group
// down to one of which the user is a direct member, no group twice. None if there is none; at most a hundred, shortest first.
func (e *Engine) Ways(ctx context.Context, instance Instance, sourceID string) ([][]GroupRef, error) {
	settings, err := e.Store.Settings(ctx, instance.ID, instance.ConfigVersion)
	if err != nil {
		return nil, err
	}
	who, err := settings.Scope.Compile()
	if err != nil || len(who.Groups()) == 0 {
		return nil, err
	}
	sourceID = strings.ToLower(sourceID)
	direct, err := e.Store.GroupsOf(ctx, instance.ConnectionID, []string{sourceID})
	if err != nil || len(direct[sourceID]) == 0 {
		return nil, err
	}
	nesting, err := mirror.LoadNesting(ctx, e.Store, instance.ConnectionID)
	if err != nil {
		return nil, err
	}
	c := newClimb(nesting, who.Groups())
	for _, group := range nesting.Groups {
		if slices.Contains(direct[sourceID], group.Seq) {
			c.from(group.SourceID)
		}
	}
	slices.SortStableFunc(c.ways, func(a, b []GroupRef) int { return len(a) - len(b) })
	return c.ways, nil
}

// climb goes from a group up to the groups that contain it.
type climb struct {
	nesting  *mirror.Nesting
	selected map[string]scope.SelectedGroup
	parents  map[string][]string
	// path goes from the group where the climb began to where it is.
	path  []string
	steps int
	ways  [][]GroupRef
}

func newClimb(nesting *mirror.Nesting, selection []scope.SelectedGroup) *climb {
	c := &climb{nesting: nesting, selected: map[string]scope.SelectedGroup{}, parents: map[string][]string{}}
	for _, group := range selection {
		c.selected[group.ID] = group
	}
	for _, group := range nesting.Groups {
		for _, child := range nesting.Inside(group.SourceID) {
			c.parents[child] = append(c.parents[child], group.SourceID)
		}
	}
	return c
}

func (c *climb) from(id string) {
	group, known := c.nesting.Group(id)
	if !known || group.State != plan.Live || slices.Contains(c.path, id) || len(c.ways) == maxWays || c.steps == maxWaySteps || len(c.path) == maxWayLength {
		return
	}
	c.steps++
	c.path = append(c.path, id)
	if selected, is := c.selected[id]; is && (selected.Nested || len(c.path) == 1) {
		way := make([]GroupRef, len(c.path))
		for i, step := range c.path {
			on, _ := c.nesting.Group(step)
			way[len(way)-1-i] = GroupRef{ID: step, Name: on.Label()}
		}
		c.ways = append(c.ways, way)
	}
	for _, parent := range c.parents[id] {
		c.from(parent)
	}
	c.path = c.path[:len(c.path)-1]
}
