package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// wantsName selects entries that are going to take a name.
const wantsName = "run_id = $ AND state IN ('planned', 'proposed') AND takes_name <> ''"

// NameClaims returns the planned (or, for a dry run, proposed) entries of the run that take a name which another object holds or another
// entry takes too, and the entries of such holders, whatever their state.
func (db *DB) NameClaims(ctx context.Context, run ident.ID) ([]engine.Entry, error) {
	claims := map[ident.ID]engine.Entry{}
	add := func(rows *sql.Rows) error {
		entry, err := scanEntry(rows)
		claims[entry.ID] = entry
		return err
	}
	if err := db.each(ctx, numbered(selectEntries+" WHERE "+wantsName+" AND holder_id IS NOT NULL"), []any{run}, add); err != nil {
		return nil, err
	}
	var holders []ident.ID
	var org ident.ID
	for _, claim := range claims {
		holders, org = append(holders, claim.HolderID), claim.OrgID
	}
	if err := eachListed(ctx, db, listed{head: selectEntries + " WHERE run_id = $ AND org_id = $ AND object_id"}, []any{run, org}, holders, add); err != nil {
		return nil, err
	}
	names, err := db.wantedTwice(ctx, run)
	if err != nil {
		return nil, err
	}
	if err := eachListed(ctx, db, listed{head: selectEntries + " WHERE " + wantsName + " AND takes_name"}, []any{run}, names, add); err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(claims), func(a, b engine.Entry) int { return slices.Compare(a.ID[:], b.ID[:]) }), nil
}

// wantedTwice returns the names that more than one entry of the run takes. It keeps eight bytes for each entry: sorting the names of a
// large tenant in the database would take many times that.
func (db *DB) wantedTwice(ctx context.Context, run ident.ID) ([]string, error) {
	var digests []uint64
	if err := db.WantedNames(ctx, run, func(name []byte) { digests = append(digests, digest(name)) }); err != nil {
		return nil, err
	}
	slices.Sort(digests)
	repeated := map[uint64]bool{}
	for i := 1; i < len(digests); i++ {
		if digests[i] == digests[i-1] {
			repeated[digests[i]] = true
		}
	}
	if len(repeated) == 0 {
		return nil, nil
	}
	counts := map[string]int{}
	if err := db.WantedNames(ctx, run, func(name []byte) {
		if repeated[digest(name)] {
			counts[string(name)]++
		}
	}); err != nil {
		return nil, err
	}
	maps.DeleteFunc(counts, func(_ string, count int) bool { return count < 2 })
	return slices.SortedFunc(maps.Keys(counts), cmp.Compare[string]), nil
}

// WantedNames calls each with the names that the run's planned (or proposed) entries take; the bytes are valid during the call.
func (db *DB) WantedNames(ctx context.Context, run ident.ID, each func(name []byte)) error {
	return db.each(ctx, numbered("SELECT takes_name FROM changes WHERE "+wantsName), []any{run}, func(rows *sql.Rows) error {
		var name sql.RawBytes
		if err := rows.Scan(&name); err != nil {
			return err
		}
		each(name)
		return nil
	})
}

// digest is FNV-1a.
func digest(name []byte) uint64 {
	hash := uint64(14695981039346656037)
	for _, b := range name {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return hash
}
