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

// decodePage reads the body of a page, completely or not at all.
func decodePage(body []byte, s shape) (Page, error) {
	page := Page{Count: -1}
	found := false
	in := scanner{data: body}
	err := in.object(func(name string) error {
		switch name {
		case "value":
			found = true
			return in.users(&page.Users, s)
		case "@odata.nextLink":
			return in.value(&page.Next)
		case "@odata.deltaLink":
			return in.value(&page.Delta)
		case "@odata.count":
			return in.value(&page.Count)
		}
		var ignored any
		return in.value(&ignored)
	})
	switch {
	case err != nil:
		return Page{}, err
	case !found:
		return Page{}, errors.New("a page without a value")
	case s == partial && page.Next == "" && page.Delta == "":
		return Page{}, errors.New("a delta page without a link")
	}
	return page, nil
}

func (s *scanner) users(users *[]User, as shape) error {
	return s.items('[', ']', func() error {
		raw, err := s.raw()
		if err != nil {
			return err
		}
		user, err := decodeUser(raw, as)
		if err != nil {
			return fmt.Errorf("user %d of the page: %w", len(*users), err)
		}
		*users = append(*users, user)
		return nil
	})
}

func decodeUser(raw []byte, as shape) (User, error) {
	record, err := attr.ParseRecord(raw)
	if err != nil {
		return User{}, err
	}
	return userOf(record, as)
}
