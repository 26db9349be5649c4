package scimserver_test

import (
	"fmt"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// BenchmarkAMemberComesAndGoes puts one user into a group and takes him out again, as Entra does. What that costs must not depend on the size
// of the group (E6).
func BenchmarkAMemberComesAndGoes(b *testing.B) {
	h := open(b)
	const largest = 250_000
	people := make([]string, 0, largest+1)
	for len(people) <= largest {
		people = append(people, h.crowd(len(people), 10_000)...)
	}
	for _, size := range []int{10, 1000, largest} {
		group := h.filled(fmt.Sprint(size), people[:size])
		member := []object{{"value": people[len(people)-1]}}
		b.Run(fmt.Sprintf("members=%d", size), func(b *testing.B) {
			for b.Loop() {
				h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "Add", "path": "members", "value": member})).want(204)
				h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "Remove", "path": "members", "value": member})).want(204)
			}
		})
	}
}

// filled makes a group with members.
func (h *house) filled(name string, members []string) string {
	h.t.Helper()
	group := id(h.group(name))
	parsed, err := ident.Parse(group)
	h.must(err)
	refs := make([]directory.MemberRef, len(members))
	for i, member := range members {
		refs[i].ID, err = ident.Parse(member)
		h.must(err)
	}
	_, err = h.directory.AddMembers(h.t.Context(), h.org, parsed, refs)
	h.must(err)
	return group
}
