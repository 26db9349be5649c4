package store

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"rollcall/internal/ident"
)

func TestAnOrganizationThatScansALotWaitsForItselfAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2)
		loud, quiet, third := ident.New(time.Now()), ident.New(time.Now()), ident.New(time.Now())
		var finished []string
		scan := func(name string, org ident.ID) {
			done, err := turns.take(t.Context(), org)
			if err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Second) // in the bubble: the scan
			finished = append(finished, name)
			done()
		}
		for range 5 {
			go scan("loud", loud)
		}
		synctest.Wait()
		time.Sleep(time.Millisecond)
		go scan("quiet", quiet)
		synctest.Wait()
		time.Sleep(time.Millisecond)
		go scan("third", third)
		time.Sleep(10 * time.Second)
		if i := slices.Index(finished, "quiet"); i != 1 {
			t.Errorf("finished in the order %v: the quiet one must not wait for the others", finished)
		}
		if i := slices.Index(finished, "third"); i < 0 || i > 3 || len(finished) != 7 {
			t.Errorf("finished in the order %v", finished)
		}
		if len(turns.own) != 0 || len(turns.slots) != 0 {
			t.Errorf("%d turns are left", len(turns.own))
		}
	})
}

func TestWhoGoesAwayGivesUpHisTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		first, other := ident.New(time.Now()), ident.New(time.Now())
		done, err := turns.take(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		for _, org := range []ident.ID{first, other} { // one waits for his own turn, one for a slot
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := turns.take(ctx, org); err == nil {
				t.Error("two scan at a time")
			}
			cancel()
		}
		done()
		if len(turns.own) != 0 || len(turns.slots) != 0 {
			t.Errorf("%d turns are left", len(turns.own))
		}
		if done, err = turns.take(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		done()
	})
}
