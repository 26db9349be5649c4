package graph

import (
	"errors"
	"fmt"

	"rollcall/internal/attr"
)

// Page is one complete answer of a list or delta query. A page may be empty and yet have a Next.
type Page struct {
	// Users in the order of the answer. The same user may come twice, on one page or on several: the last one counts.
	Users []User
	// Next is the link of the next page, "" at the end. It is opaque and goes to Follow.
	Next string
	// Delta is the link under which later changes will be found; only the last page of a delta query has one. Graph accepts it for
	// seven days.
	Delta string
	// Count is how many users the whole list holds, -1 if the page does not say. Only the first page of a list does; it may be off by
	// what changed in the last minutes.
	Count int
}

// shape says how the users of an answer are to be read.
type shape uint8

const (
	// whole records: what is null is absent.
	whole shape = iota
	// partial records, of a delta: what is null has been cleared, what is absent has not changed.
	partial
)

// decodePage reads the body of a page of users, completely or not at all.
func decodePage(body []byte, as shape) (Page, error) {
	var users []User
	around, err := decodeEnvelope(body, as, func(in *scanner) error {
		raw, err := in.raw()
		if err != nil {
			return err
		}
		user, err := decodeUser(raw, as)
		if err != nil {
			return fmt.Errorf("user %d of the page: %w", len(users), err)
		}
		users = append(users, user)
		return nil
	})
	if err != nil {
		return Page{}, err
	}
	return Page{Users: users, Next: around.next, Delta: around.delta, Count: around.count}, nil
}

// envelope is what stands around the values of a page.
type envelope struct {
	next, delta string
	count       int // -1 if the page does not say
}

// decodeEnvelope calls item at the beginning of each value; item must consume it.
func decodeEnvelope(body []byte, as shape, item func(*scanner) error) (envelope, error) {
	page := envelope{count: -1}
	found := false
	in := scanner{data: body}
	err := in.object(func(name string) error {
		switch name {
		case "value":
			found = true
			return in.items('[', ']', func() error { return item(&in) })
		case "@odata.nextLink":
			return in.value(&page.next)
		case "@odata.deltaLink":
			return in.value(&page.delta)
		case "@odata.count":
			return in.value(&page.count)
		}
		var ignored any
		return in.value(&ignored)
	})
	switch {
	case err != nil:
		return envelope{}, err
	case !found:
		return envelope{}, errors.New("a page without a value")
	case as == partial && page.next == "" && page.delta == "":
		return envelope{}, errors.New("a delta page without a link")
	}
	return page, nil
}

func decodeUser(raw []byte, as shape) (User, error) {
	record, err := attr.ParseRecord(raw)
	if err != nil {
		return User{}, err
	}
	return userOf(record, as)
}
