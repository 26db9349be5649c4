package engine

import (
	"context"
	"slices"
	"strings"

	"rollcall/internal/ident"
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
	rules, err := e.compiled(ctx, &work{instance: instance, run: Run{ConfigVersion: instance.ConfigVersion}})
	if err != nil {
		return nil, err
	}
	return e.ways(ctx, instance.ConnectionID, rules.Scope.Groups(), strings.ToLower(sourceID))
}

func (e *Engine) ways(ctx context.Context, connection ident.ID, selection []scope.SelectedGroup, sourceID string) ([][]GroupRef, error) {
	if len(selection) == 0 {
		return nil, nil
	}
	direct, err := e.Store.GroupsOf(ctx, connection, []string{sourceID})
	if err != nil || len(direct[sourceID]) == 0 {
		return nil, err
	}
	nesting, err := mirror.LoadNesting(ctx, e.Store, connection)
	if err != nil {
		return nil, err
	}
	c := newClimb(nesting, selection)
	for _, group := range nesting.Groups {
		if slices.Contains(direct[sourceID], group.Seq) {
			c.from(group.SourceID)
		}
	}
	slices.SortStableFunc(c.ways, func(a, b []GroupRef) int { return len(a) - len(b) })
	return c.ways, nil
}

// tellWays adds to the step of the scope all ways in which groups bring the person.
func (e *Engine) tellWays(ctx context.Context, f foreseen, step *ExplainedStep) error {
	ways, err := e.ways(ctx, f.connection.ID, f.rules.Scope.Groups(), f.object.SourceID)
	if err != nil || len(ways) == 0 {
		return err
	}
	lines := make([]string, len(ways))
	for i, way := range ways {
		lines[i] = wayText(way)
	}
	step.fact("member through groups", lines)
	return nil
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
