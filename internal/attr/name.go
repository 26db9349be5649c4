package attr

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NameKey returns the form of a name by which two names are the same: NFC, Unicode case fold, surrounding blanks removed.
// ASCII names, nearly all of them, take a short cut.
func NameKey(name string) string {
	name = strings.TrimSpace(name)
	ascii := true
	for i := range len(name) {
		if name[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(name)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
}

// Domain returns the part of an address behind the last @ in lower case, "" if there is none.
func Domain(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return strings.ToLower(address[i+1:])
	}
	return ""
}
