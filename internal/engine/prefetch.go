package engine

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

// The stages of a prefetch.
const (
	PrefetchUsers  = "users"
	PrefetchGroups = "groups"
	PrefetchDone   = "done"
)

// Prefetch says how far a tenant was read before any run, for pickers and for counts of what an instance would do (C3, C4, C7). It writes
// nothing but the mirror.
type Prefetch struct {
	// Stage is PrefetchUsers, PrefetchGroups or PrefetchDone; "" before the tenant was connected.
	Stage     string    `json:"stage,omitempty"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	// DoneAt is when it was done last, also while it is read again.
	DoneAt time.Time `json:"doneAt,omitzero"`
	// Begun: the stage has read a page. Read counts the users, and Groups the groups that were read; Expected is the announced number of users, 0
	// if unknown.
	Begun    bool `json:"begun,omitempty"`
	Read     int  `json:"read,omitempty"`
	Expected int  `json:"expected,omitempty"`
	Groups   int  `json:"groups,omitempty"`
	// Next is the page of groups at which it goes on, Generation counts the reads of groups.
	Next       string `json:"next,omitempty"`
	Generation int64  `json:"generation,omitempty"`
	// Failure is why it was interrupted, Tries how often in a row; it goes on at TryAt.
	Failure *Failure  `json:"failure,omitempty"`
	Tries   int       `json:"tries,omitempty"`
	TryAt   time.Time `json:"tryAt,omitzero"`
}

// begin starts from the front.
func (p *Prefetch) begin(now time.Time) {
	*p = Prefetch{Stage: PrefetchUsers, StartedAt: now, DoneAt: p.DoneAt, Generation: p.Generation + 1}
}

// due reports whether there is more to read now. A try that lies further ahead than any does was planned by another clock.
func (p Prefetch) due(now time.Time) bool {
	return (p.Stage == PrefetchUsers || p.Stage == PrefetchGroups) && (!now.Before(p.TryAt) || p.TryAt.Sub(now) > time.Hour)
}

// TenantGroup is a group of the tenant as pickers show it.
type TenantGroup struct {
	ID, Name string
	// Children counts the groups that are its direct members.
	Children int
}

// TenantGroups keeps the names and the nesting of all groups of tenants, beside the mirror, which holds those that somebody selected. Methods
// join the transaction of the context.
type TenantGroups interface {
	// SaveTenantGroups inserts or replaces groups with the groups that they are in, by their ids.
	SaveTenantGroups(ctx context.Context, connection ident.ID, generation int64, groups []TenantGroup, parents map[string][]string) error
	// DropTenantGroups forgets what a generation has not seen.
	DropTenantGroups(ctx context.Context, connection ident.ID, generation int64) error
	// ListTenantGroups returns up to limit groups by name, behind a place (name key and id; "" for the front), of which the name's key contains the
	// text; with parent those that are its direct members.
	ListTenantGroups(ctx context.Context, connection ident.ID, find GroupSearch, limit int) ([]TenantGroup, error)
}

// GroupSearch chooses groups of a tenant.
type GroupSearch struct {
	// Text is a part of the name, without regard to case; "" for all.
	Text string
	// Parent is the id of a group whose direct members are wanted; "" for all groups.
	Parent string
	// AfterName and AfterID are the last group of the page before.
	AfterName, AfterID string
}

// ReadTenant reads a connected tenant from the front again, ahead of any run.
func (e *Engine) ReadTenant(ctx context.Context, org, id ident.ID) (Connection, error) {
	return e.updateConnection(ctx, org, id, func(_ context.Context, c *Connection) error {
		if c.State != Connected {
			return fault.New(fault.Conflict, "NotConnected", "the tenant is not connected").WithRemedy("Connect it first.")
		}
		c.Standing.Prefetch.begin(e.Now())
		return nil
	})
}

// prefetch reads on for a few seconds. Pages and how far it is are kept as they come, so that it goes on where it was after whatever happens.
func (e *Engine) prefetch(ctx context.Context, id ident.ID) error {
	for until := e.Machine().Add(turn); e.Machine().Before(until); {
		c, err := e.Store.Connection(ctx, id)
		if err != nil || c.State != Connected || !c.Standing.Prefetch.due(e.Now()) {
			return err
		}
		if c.Standing.Prefetch.Stage == PrefetchUsers {
			err = e.prefetchUsers(ctx, c)
		} else {
			err = e.prefetchGroups(ctx, c)
		}
		if err != nil && !fault.Is(err, fault.Stale) { // a run of the connection took the page
			return e.prefetchFailed(ctx, id, err)
		}
	}
	return nil
}

// prefetchUsers takes the next page of users, with the attributes of the default mappings and those that the mirror is kept with.
func (e *Engine) prefetchUsers(ctx context.Context, c Connection) error {
	tenant, err := e.Tenant(c)
	if err != nil {
		return err
	}
	needs, err := defaultNeeds()
	if err != nil {
		return err
	}
	want, err := e.selectedBy(ctx, c, mirror.Want{Attributes: needs}, map[string]int{})
	if err != nil {
		return err
	}
	pull := mirror.Pull{Connection: c.ID, Tenant: tenant, Store: e.Store, Now: e.Now}
	progress, err := pull.Step(ctx, want, !c.Standing.Prefetch.Begun)
	if err != nil {
		return err
	}
	return e.savePrefetch(ctx, c.ID, c.Standing.Prefetch, func(p *Prefetch) {
		p.Begun = true
		if progress.Full {
			p.Read, p.Expected = progress.Read, max(progress.Expected, 0)
		}
		if progress.Done {
			p.Stage, p.Begun = PrefetchGroups, false
		}
	})
}

// defaultNeeds are the properties of the default mappings.
func defaultNeeds() ([]string, error) {
	rules, err := DefaultSettings().compile()
	if err != nil {
		return nil, err
	}
	return rules.Needs(), nil
}

// prefetchGroups takes the next page of groups, and asks which groups each of them is in.
func (e *Engine) prefetchGroups(ctx context.Context, c Connection) error {
	login, err := e.Login(c)
	if err != nil {
		return err
	}
	at := c.Standing.Prefetch
	page, err := e.groupPage(ctx, login, at.Next)
	if err != nil {
		return err
	}
	groups, ids := make([]TenantGroup, len(page.Groups)), make([]string, len(page.Groups))
	for i, group := range page.Groups {
		text, _ := group.Record.Get("displayName").(string)
		groups[i], ids[i] = TenantGroup{ID: group.ID, Name: text}, group.ID
	}
	memberships, err := login.MemberOf(ctx, graph.TypeGroup, ids)
	if err != nil {
		return err
	}
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		if err := e.Store.SaveTenantGroups(ctx, c.ID, at.Generation, groups, parentsOf(memberships)); err != nil {
			return err
		}
		if page.Next == "" {
			if err := e.Store.DropTenantGroups(ctx, c.ID, at.Generation); err != nil {
				return err
			}
		}
		return e.savePrefetch(ctx, c.ID, at, func(p *Prefetch) {
			p.Next, p.Groups = page.Next, p.Groups+len(groups)
			if page.Next == "" {
				p.Stage, p.DoneAt = PrefetchDone, e.Now()
			}
		})
	})
}

// parentsOf are the groups among what each is a member of.
func parentsOf(memberships map[string][]graph.Member) map[string][]string {
	parents := map[string][]string{}
	for child, all := range memberships {
		for _, in := range all {
			if in.Type == graph.TypeGroup {
				parents[child] = append(parents[child], in.ID)
			}
		}
	}
	return parents
}

func (e *Engine) groupPage(ctx context.Context, login Login, next string) (graph.GroupPage, error) {
	if next == "" {
		return login.ListGroups(ctx, []string{"displayName"})
	}
	return login.FollowGroups(ctx, next)
}

// savePrefetch changes how far the prefetch is, unless it was begun anew meanwhile.
func (e *Engine) savePrefetch(ctx context.Context, id ident.ID, was Prefetch, change func(*Prefetch)) error {
	_, err := e.updateConnection(ctx, ident.ID{}, id, func(_ context.Context, c *Connection) error {
		p := &c.Standing.Prefetch
		if p.Generation != was.Generation || p.Stage != was.Stage || p.Next != was.Next {
			return fault.New(fault.Stale, "PrefetchMoved", "the tenant is read by somebody else")
		}
		p.Failure, p.Tries, p.TryAt = nil, 0, time.Time{}
		change(p)
		return nil
	})
	return err
}

// prefetchFailed lets it rest for a while. A page of groups that is not served any more is begun with the first one.
func (e *Engine) prefetchFailed(ctx context.Context, id ident.ID, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err := e.updateConnection(ctx, ident.ID{}, id, func(ctx context.Context, c *Connection) error {
		p := &c.Standing.Prefetch
		p.Failure = failureOf(cause)
		p.Tries++
		if p.Tries > 3 {
			p.Next, p.Groups = "", 0
		}
		p.TryAt = e.Now().Add(max(min(time.Duration(p.Tries)*15*time.Second, 15*time.Minute), min(retryAfter(cause), maxWait)))
		if consentMends(p.Failure.Code) {
			return e.disconnected(ctx, c, p.Failure, c.record())
		}
		return nil
	})
	return err
}

func retryAfter(err error) time.Duration {
	if f := fault.Of(err); f != nil {
		return f.RetryAfter
	}
	return 0
}
