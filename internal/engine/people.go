package engine

import (
	"context"

	"rollcall/internal/ident"
)

// Reading is the store as people ask it: about the journal, and about single people.
type Reading interface {
	Review
	People
	Logging
	Summing
	GroupStanding
	GroupLooking
}

// People is the store as it is asked about single people. Methods join the transaction of the context.
type People interface {
	// ObjectsOf returns the objects with these source ids that the mirror holds, in the order of Seq.
	ObjectsOf(ctx context.Context, instance Instance, sourceIDs []string) ([]Object, error)
	// SaveResults inserts results, or replaces those of the same run and place.
	SaveResults(ctx context.Context, results []Result) error
	// Results returns what a run on demand found, in the order in which it was asked for.
	Results(ctx context.Context, run ident.ID) ([]Result, error)
	// DropResults removes the results of the organization's runs before the given one, and returns how many.
	DropResults(ctx context.Context, org, before ident.ID) (int, error)
}

// Result is what a run on demand found and did about one person whom it was asked for, or about the group that it was asked for, which comes first.
type Result struct {
	OrgID, RunID ident.ID
	// Place in the list of those who were asked for, from 0.
	Place int
	// Explanation has no outcome while the run is under way.
	Explanation
}
