package notify

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"rollcall/internal/fault"
)

// MostAddresses is how many addresses a list may have.
const MostAddresses = 20

// CheckAddress refuses what is not one plain e-mail address (name@example.com, without a display name), as a fault.Invalid.
func CheckAddress(address string) error {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || len(address) > 254 || !printable(address) {
		return fault.New(fault.Invalid, "BadEmail", "%q is not an e-mail address", address).WithRemedy("Enter one such as operations@example.com.")
	}
	return nil
}

// printable reports whether the text is of visible ASCII characters alone: internationalised addresses are not offered by every mail server.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// Addresses returns a list without white space around its parts and without doubles, or what is wrong with it.
func Addresses(list []string) ([]string, error) {
	var clean []string
	for _, address := range list {
		address = strings.TrimSpace(address)
		if err := CheckAddress(address); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(clean, func(known string) bool { return strings.EqualFold(known, address) }) {
			clean = append(clean, address)
		}
	}
	if len(clean) > MostAddresses {
		return nil, fault.New(fault.Invalid, "TooManyAddresses", "%d addresses are more than %d", len(clean), MostAddresses).
			WithRemedy("Use a distribution list.")
	}
	return clean, nil
}

// SplitAddresses takes a text apart at commas, semicolons and line ends, as people write lists.
func SplitAddresses(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n", r) })
}

// messageID is the Message-ID of a mail: that of its row, at the host of the sender, the same for each attempt.
func messageID(m Mail, from string) string {
	_, host, _ := strings.Cut(from, "@")
	return fmt.Sprintf("rollcall.%s@%s", m.ID, host)
}
