// Package orgdir writes changes to the built-in directory of an organization.
package orgdir

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Directory is the built-in directory as the destination of one instance. Writes join the transaction of the context, so that directory,
// link and journal change together: every change is applied exactly once.
type Directory struct {
	service       *directory.Service
	org, instance ident.ID
}

var (
	_ destination.Reversible       = (*Directory)(nil)
	_ destination.ReversibleGroups = (*Directory)(nil)
)

// New returns the directory of an organization as the destination of an instance.
func New(service *directory.Service, org, instance ident.ID) *Directory {
	return &Directory{service: service, org: org, instance: instance}
}

// Terms returns the organization's verified domains and whether names must be in them.
func (d *Directory) Terms(ctx context.Context) (destination.Terms, error) {
	org, err := d.service.Organization(ctx, d.org)
	if err != nil {
		return destination.Terms{}, err
	}
	domains, err := d.service.Domains(ctx, d.org)
	if err != nil {
		return destination.Terms{}, err
	}
	terms := destination.Terms{Domains: make(map[string]bool, len(domains)), RequireDomain: org.RequireVerifiedDomain}
	for _, domain := range domains {
		terms.Domains[domain.Name] = true
	}
	return terms, nil
}

// Objects returns the users with these ids.
func (d *Directory) Objects(ctx context.Context, ids []ident.ID) ([]plan.Target, error) {
	users, err := d.service.UsersByID(ctx, d.org, ids)
	if err != nil {
		return nil, err
	}
	targets := make([]plan.Target, len(users))
	for i, user := range users {
		targets[i] = user.Target()
	}
	return targets, nil
}

// Find returns the users that have the values of the keys, under these keys, in the order of their ids: the same plan comes out every time.
func (d *Directory) Find(ctx context.Context, keys []plan.Key) (map[plan.Key][]plan.Target, error) {
	return find(keys, func(path string, values []string) ([]plan.Target, error) {
		users, err := d.service.FindUsers(ctx, d.org, path, values)
		targets := make([]plan.Target, len(users))
		for i, user := range users {
			targets[i] = user.Target()
		}
		return targets, err
	})
}

// find looks keys up, each value once, with ask, which gets values of one attribute in the form in which they are compared.
func find(keys []plan.Key, ask func(path string, values []string) ([]plan.Target, error)) (map[plan.Key][]plan.Target, error) {
	wanted := map[string]map[string][]plan.Target{} // by path and the form in which values are compared
	for _, key := range keys {
		if wanted[key.Path] == nil {
			wanted[key.Path] = map[string][]plan.Target{}
		}
		wanted[key.Path][matchable(key.Path, key.Value)] = nil
	}
	for path, targets := range wanted {
		asked, err := ask(path, slices.Collect(maps.Keys(targets)))
		if err != nil {
			return nil, err
		}
		for _, target := range asked {
			value := matchable(path, target.Record.Text(path))
			targets[value] = append(targets[value], target)
		}
	}
	found := make(map[plan.Key][]plan.Target, len(keys))
	for _, key := range keys {
		if targets := wanted[key.Path][matchable(key.Path, key.Value)]; len(targets) > 0 {
			slices.SortFunc(targets, func(a, b plan.Target) int { return bytes.Compare(a.ID[:], b.ID[:]) })
			found[key] = targets
		}
	}
	return found, nil
}

// matchable returns the form in which values of the attribute are compared: those of externalId as they are, names without regard to case.
func matchable(path, value string) string {
	if path == attr.ExternalID {
		return value
	}
	return attr.NameKey(value)
}

// Removed returns the users with these ids whose copies are in the archive.
func (d *Directory) Removed(ctx context.Context, ids []ident.ID) ([]plan.Target, error) {
	copies, err := d.service.Archived(ctx, d.org, ids)
	targets := make([]plan.Target, len(copies))
	for i, kept := range copies {
		targets[i] = kept.User.Target()
	}
	return targets, err
}

// Park sets names aside.
func (d *Directory) Park(ctx context.Context, ids []ident.ID) error {
	return d.service.ParkNames(ctx, d.org, ids)
}

// Unpark gives names back that were set aside.
func (d *Directory) Unpark(ctx context.Context, ids []ident.ID) error {
	return d.service.RestoreNames(ctx, d.org, ids)
}

// Apply writes the changes.
func (d *Directory) Apply(ctx context.Context, changes []plan.Change) ([]destination.Result, error) {
	return results(d.service.ApplyChanges(ctx, d.org, d.instance, changes))
}

func results(written []directory.Result, err error) ([]destination.Result, error) {
	if err != nil {
		return nil, err
	}
	results := make([]destination.Result, len(written))
	for i, result := range written {
		results[i] = destination.Result(result)
	}
	return results, nil
}
