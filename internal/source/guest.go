package source

import "strings"

// guestAddress turns the name that Entra gives a guest, user_theirdomain#EXT#@tenant, into the guest's own address user@theirdomain. The
// last underscore separates, since domains hold none. Any other name stays as it is.
func guestAddress(name string) string {
	at := markOfGuest(name)
	if at < 0 {
		return name
	}
	own := name[:at]
	separator := strings.LastIndexByte(own, '_')
	if separator < 1 || separator == len(own)-1 {
		return name
	}
	return own[:separator] + "@" + own[separator+1:]
}

// markOfGuest returns where #EXT# begins, in any case; -1 if it does not occur.
func markOfGuest(name string) int {
	const mark = "#EXT#"
	for i := 0; i+len(mark) <= len(name); i++ {
		if name[i] == '#' && strings.EqualFold(name[i:i+len(mark)], mark) {
			return i
		}
	}
	return -1
}
