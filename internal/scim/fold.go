package scim

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which texts are compared where their case does not matter: NFC and Unicode case fold. Unlike attr.NameKey it
// keeps blanks at the ends.
func Fold(text string) string {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return norm.NFC.String(cases.Fold().String(norm.NFC.String(text)))
		}
	}
	return strings.ToLower(text)
}
