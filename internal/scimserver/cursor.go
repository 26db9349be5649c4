package scimserver

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// place is what a cursor says (RFC 9865): where the next page begins, of which list, and how many resources that has in all. Nothing is
// kept for it: a cursor does not expire.
type place struct {
	After string `json:"a"`
	List  string `json:"l"`
	Total int    `json:"t"`
}

// listKey tells lists apart: a cursor is good for the one that it comes from.
func (l listing) listKey(who caller, k kind) string {
	data, err := json.Marshal([]string{who.org.String(), k.resourceType().Name, l.filter, l.sortBy, l.sortOrder})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

func (p place) text() (string, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return "", fault.Wrap(fault.Internal, "", err, "make a cursor")
	}
	return base64.RawURLEncoding.EncodeToString(data), nil
}

func placeOf(text, list string) (place, error) {
	var p place
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil || p.List != list || p.After == "" {
		return place{}, fault.New(fault.Invalid, scim.InvalidCursor, "the cursor is none of this list").
			WithRemedy("Begin with an empty cursor, and keep filter and sorting as they are.")
	}
	return p, nil
}

// answerByCursor answers with a page and the cursor of the next one. The resources are counted once, for the first page.
func (s *server) answerByCursor(w http.ResponseWriter, r *http.Request, k kind, l listing, query directory.ResourceQuery, show scim.Projection) error {
	at := place{List: l.listKey(callerOf(r.Context()), k)}
	if l.cursor != "" {
		var err error
		if at, err = placeOf(l.cursor, at.List); err != nil {
			return err
		}
	}
	query.Skip, query.After, query.Total = 0, at.After, at.After == ""
	page, err := k.query(r.Context(), query, show)
	if err != nil {
		return err
	}
	if query.Total {
		at.Total = page.total
	}
	said := map[string]any{"schemas": []string{scim.ListResponse}, "totalResults": at.Total, "itemsPerPage": len(page.items)}
	if page.next != "" {
		at.After = page.next
		if said["nextCursor"], err = at.text(); err != nil {
			return err
		}
	}
	return s.answerList(w, r, said, page.items)
}
