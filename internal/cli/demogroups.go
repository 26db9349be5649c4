package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/scope"
)

const (
	// mostDemoGroups and mostDemoMembers keep what the demo shows of groups from costing time: its first sync ends with the users.
	mostDemoGroups  = 20
	mostDemoMembers = 100
)

// demoGroup is a group as /sim/groups lists it.
type demoGroup struct {
	ID     string `json:"id"`
	Users  int    `json:"user_count"`
	Groups int    `json:"group_count"`
	// Others are neither users nor groups, which an instance passes over with a notice.
	Others int `json:"other_count"`
}

func (c demoCommand) checkGroups() error {
	if c.SyncedGroups < 0 || c.SyncedGroups > mostDemoGroups {
		return fault.New(fault.Invalid, "SyncedGroups", "--synced-groups %d is not between 0 and %d", c.SyncedGroups, mostDemoGroups)
	}
	return nil
}

// demoSettings is Sync defaults with some groups of the tenant, so that there are groups to see.
func (d *demo) demoSettings(ctx context.Context) (*engine.Settings, error) {
	settings := engine.DefaultSettings()
	if d.SyncedGroups == 0 {
		return &settings, nil
	}
	var listed struct {
		Groups []demoGroup `json:"groups"`
	}
	err := control(ctx, http.MethodGet, fmt.Sprintf("%s/sim/groups?limit=%d", d.sim.URL(), 2*mostDemoGroups), nil, &listed)
	settings.Scope.Groups = shownGroups(listed.Groups, d.SyncedGroups)
	return &settings, err
}

// shownGroups chooses up to count small groups, first those with others inside, which are taken with them. A group with one group inside is one of the
// three that hold each other: a demo begins without notices.
func shownGroups(groups []demoGroup, count int) []scope.SelectedGroup {
	groups = slices.DeleteFunc(groups, func(g demoGroup) bool {
		return g.Users == 0 || g.Users > mostDemoMembers || g.Groups == 1 || g.Others > 0
	})
	slices.SortStableFunc(groups, func(a, b demoGroup) int { return min(b.Groups, 1) - min(a.Groups, 1) })
	var chosen []scope.SelectedGroup
	for _, group := range groups[:min(len(groups), count)] {
		chosen = append(chosen, scope.SelectedGroup{ID: group.ID, Nested: group.Groups > 0})
	}
	return chosen
}
