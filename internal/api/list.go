package api

import (
	"encoding/base64"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// List is one page of a list.
type List[T any] struct {
	Items []T `json:"items" nullable:"false" doc:"The page's items."`
	// Next is what to give as cursor for the page that follows; "" at the end.
	Next string `json:"next,omitempty" doc:"Give this as cursor to read the next page. Absent on the last page."`
}

// body wraps what a response carries.
type body[T any] struct{ Body T }

func reply[T any](value T) *body[T] { return &body[T]{Body: value} }

// Paging are the parameters of every list that may be long.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many items a page has at most."`
	Cursor string `query:"cursor" maxLength:"4500" doc:"Where the page begins: next of the page before."`
}

// Each list has its own kind of cursor, so that the cursor of one is not taken for a place in another.
const (
	byName    = "n"
	byEntry   = "e"
	byRun     = "r"
	byEvent   = "a"
	byArchive = "c"
	byPin     = "p"
	byGroup   = "g"
	byMember  = "m"

	byTenantGroup = "t"

	byChangeMember = "j"
)

func cursor(kind, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + key))
}

// key returns what the cursor of the kind stands for; "" for the first page.
func (p Paging) key(kind string) (string, error) {
	if p.Cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	key, ours := strings.CutPrefix(string(raw), kind)
	if err != nil || !ours || key == "" {
		return "", badCursor()
	}
	return key, nil
}

// id returns the id that the cursor of the kind stands for; the zero id for the first page.
func (p Paging) id(kind string) (ident.ID, error) {
	key, err := p.key(kind)
	if err != nil || key == "" {
		return ident.ID{}, err
	}
	id, err := ident.Parse(key)
	if err != nil {
		return ident.ID{}, badCursor()
	}
	return id, nil
}

func badCursor() error {
	return fault.New(fault.Invalid, "BadCursor", "the cursor is not one of this list").WithRemedy("Begin without a cursor.")
}

// page makes a page of up to limit items of what was read, which is one more than the limit if there is a next page. key gives an item's
// place in the order of the list.
func page[R, T any](p Paging, kind string, read []R, key func(R) string, item func(R) T) List[T] {
	var next string
	if len(read) > p.Limit {
		read = read[:p.Limit]
		next = cursor(kind, key(read[len(read)-1]))
	}
	return List[T]{Items: each(read, item), Next: next}
}

// each makes a list that is never null.
func each[R, T any](read []R, item func(R) T) []T {
	items := make([]T, len(read))
	for i, r := range read {
		items[i] = item(r)
	}
	return items
}
