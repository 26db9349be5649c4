package scope

import (
	"cmp"
	"strings"
)

// integer is a whole number of any length; ids of employees outgrow sixty-four bits. The zero integer is 0.
type integer struct {
	negative bool
	// digits in decimal, without leading zeros; none for 0.
	digits string
}

// parseInteger reads digits with or without a sign, and nothing else.
func parseInteger(text string) (integer, bool) {
	unsigned, negative := strings.CutPrefix(text, "-")
	if !negative {
		unsigned = strings.TrimPrefix(text, "+")
	}
	if unsigned == "" {
		return integer{}, false
	}
	for i := range len(unsigned) {
		if unsigned[i] < '0' || unsigned[i] > '9' {
			return integer{}, false
		}
	}
	digits := strings.TrimLeft(unsigned, "0")
	return integer{negative: negative && digits != "", digits: digits}, true
}

// compare returns -1, 0 or 1 as i is less than, equal to or greater than o.
func (i integer) compare(o integer) int {
	if i.negative != o.negative {
		if i.negative {
			return -1
		}
		return 1
	}
	order := cmp.Or(cmp.Compare(len(i.digits), len(o.digits)), strings.Compare(i.digits, o.digits))
	if i.negative {
		return -order
	}
	return order
}
