package store

import (
	"context"

	"rollcall/internal/ident"
)

// countMore adds to the numbers of users and groups of an organization, in the transaction that adds or removes them.
func (db *DB) countMore(ctx context.Context, org ident.ID, users, groups int) error {
	if users == 0 && groups == 0 {
		return nil
	}
	_, err := db.exec(ctx, `INSERT INTO object_counts (org_id, users, groups) VALUES ($1, $2, $3)
		ON CONFLICT (org_id) DO UPDATE SET users = object_counts.users + excluded.users, groups = object_counts.groups + excluded.groups`,
		org, users, groups)
	return err
}

// perOrganization counts n things by the organization of each.
func perOrganization(n int, of func(i int) ident.ID) map[ident.ID]int {
	counts := map[ident.ID]int{}
	for i := range n {
		counts[of(i)]++
	}
	return counts
}
