package cli

import (
	"context"
	"io"
	"net/url"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

// gather reads up to limit items of a list whose pages may be short, 0 means all, and tells whether there are more.
func gather[T any](ctx context.Context, c *client, path string, query url.Values, limit int) (items []T, more bool, err error) {
	if limit < 0 {
		return nil, false, fault.New(fault.Invalid, "Limit", "--limit %d is not 0 or more", limit)
	}
	items = []T{}
	query = cloned(query)
	for {
		size := largestPage
		if limit > 0 {
			size = min(largestPage, limit+1-len(items))
		}
		var page api.List[T]
		if err := c.get(ctx, path, paged(query, size), &page); err != nil {
			return nil, false, err
		}
		items = append(items, page.Items...)
		switch {
		case limit > 0 && len(items) > limit:
			return items[:limit], true, nil
		case page.Next == "":
			return items, false, nil
		}
		query.Set("cursor", page.Next)
	}
}

// writeGathered writes up to limit items of such a list, 0 means all, as one array.
func writeGathered[T any](ctx context.Context, c *client, w io.Writer, path string, query url.Values, limit int) error {
	if limit == 0 {
		return streamJSON[T](ctx, c, w, path, paged(query, largestPage))
	}
	items, _, err := gather[T](ctx, c, path, query, limit)
	if err != nil {
		return err
	}
	return writeJSON(w, items)
}

// joined is a list as the server takes it: its values separated by commas.
func joined(values []string) string { return strings.Join(values, ",") }
