package expr_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"rollcall/internal/expr"
)

// noon is the time of cases that name none.
var noon = time.Date(2025, 7, 30, 12, 0, 0, 0, time.UTC)

// seeded gives the same bytes in each test.
func seeded(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func TestEveryDocumentedCase(t *testing.T) { runCases(t, "testdata/documented.json", 100) }

// The file holds the examples of the four pages that documented.json lacks, and cases beside them. Where a page prints what its own rules
// exclude (in lower case without ToLower, with another sign of DateDiff, …), the rules count and the note says so.
func TestFurtherExamplesOfTheDocumentedPages(t *testing.T) { runCases(t, "testdata/further.json", 100) }

func runCases(t *testing.T, path string, least int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := expr.ReadCases(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < least {
		t.Fatalf("%s has %d cases", path, len(cases))
	}
	for _, c := range cases {
		t.Run(c.Function+"/"+strconv.Itoa(c.ID), func(t *testing.T) {
			if outcome := c.Run(noon, seeded(1)); !outcome.Passed || outcome.Note != "" {
				t.Errorf("%s\nwant %s\ngot  %s %s", c.Expression, outcome.Expected, outcome.Got, outcome.Note)
			}
		})
	}
}
