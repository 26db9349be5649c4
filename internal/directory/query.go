package directory

import (
	"context"

	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// ResourceQuery selects a page of users or groups as SCIM asks for them (RFC 7644, section 3.4.2; RFC 9865). Every filter is answered, with
// an index or by reading the table in the database; the directory is never loaded.
//
// What a filter compares, by the Ref:
//
//   - id, meta.created, meta.lastModified: the object's own. Other parts of meta, and schemas, never come here.
//   - A single value, such as userName, name.familyName or urn:…:User:department: the record's value at Ref.Path().
//   - urn:…:User:manager.value: the record's value at attr.ManagerValue, or, for a user who has attr.Manager instead, the id of the user who
//     has this SourceID and the same owner.
//   - A multi-valued complex attribute such as emails has its values in two shapes, which may stand side by side in one record: as flat
//     paths, `emails[type eq "work"].value`, where the type (or whatever stands before eq, as text; primary as boolean) is a sub-attribute of
//     the value like the others; and, those that have no type or share one, as objects in a list at `emails`.
//   - groups of a user: value is the group's id, of the direct groups. members of a group: value is the member's id, type User or Group.
//     Nothing else of either comes here.
//
// An absent value: Present is false, and so is every comparison but NotEqual, which is always the opposite of Equal. Present of a complex
// attribute: one of its sub-attributes is there; with an empty Ref.Name: any attribute of the extension.
//
// Texts: Equal and NotEqual compare attr.NameKey of both where the Ref is not CaseExact, all other operators scim.Fold of both; a CaseExact
// text is compared byte by byte. Values of the wrong type are as if absent. scim.Match is the same on resources, and the reference.
type ResourceQuery struct {
	// Filter, nil for all.
	Filter *scim.Filter
	// Sort is the attribute by which the page is ordered, by scim.Fold where it is not CaseExact, and then by id; nil: by id alone. Of one with
	// several values the primary one counts, or else the first; never groups or members. Objects without a value are last, or first if Descending.
	// Descending turns the ids round too.
	Sort       *scim.Ref
	Descending bool
	// Skip objects at the beginning, with After "". Limit 0 returns no objects, but the total.
	Skip, Limit int
	// After is the Next of the page before; a text that none was fails as fault.Invalid (code "BadCursor").
	After string
	// Total asks for the number of all objects that fit the filter.
	Total bool
}

// UserPage is a page of users.
type UserPage struct {
	Users []User
	// Total is the number of all users that fit, if asked for.
	Total int
	// Next is where the next page begins, "" after the last one. It stays good while objects come and go: none is shown twice, and none that
	// is there all the time is left out.
	Next string
}

// GroupPage is a page of groups, like UserPage.
type GroupPage struct {
	Groups []Group
	Total  int
	Next   string
}

// Resources answers SCIM's queries. Methods join the transaction of the context.
type Resources interface {
	QueryUsers(ctx context.Context, org ident.ID, query ResourceQuery) (UserPage, error)
	QueryGroups(ctx context.Context, org ident.ID, query ResourceQuery) (GroupPage, error)
	// PairsOf returns what users or groups are direct members of, in no order. Groups that are there no more may be among it.
	PairsOf(ctx context.Context, org ident.ID, members []ident.ID) ([]Pair, error)
}

// SearchUsers answers a query of SCIM.
func (s *Service) SearchUsers(ctx context.Context, org ident.ID, query ResourceQuery) (UserPage, error) {
	return s.store.QueryUsers(ctx, org, query)
}

// SearchGroups answers a query of SCIM.
func (s *Service) SearchGroups(ctx context.Context, org ident.ID, query ResourceQuery) (GroupPage, error) {
	return s.store.QueryGroups(ctx, org, query)
}
