package entrasim

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"
)

// A group is one group without its members. Like a user it is never changed once it can be reached, only replaced. An
// empty text is Graph's null; that of displayName too, though production refuses groups without a name: so that clients
// can be shown one.
type group struct {
	id                 guid
	text               [numGroupText]string
	proxies            []string
	unified            bool // a Microsoft 365 group; otherwise a security group
	created, deletedAt time.Time
	state              lifeState
	everSet            mask
}

// The kinds of groups, as the control API names them.
const (
	kindSecurity     = "security"
	kindMicrosoft365 = "microsoft365"
)

func (g *group) kind() string {
	if g.unified {
		return kindMicrosoft365
	}
	return kindSecurity
}

func (g *group) clone() *group {
	c := *g
	return &c
}

// filled are the properties that have a value now.
func (g *group) filled() mask {
	m := maskOf(propGroupID, propGroupTypes, propGroupMailEnabled, propGroupSecurityEnabled, propGroupSecurityIdentifier,
		propGroupCreatedDateTime, propGroupProxyAddresses, propGroupMembers)
	for p := range numGroupText {
		if g.text[p] != "" {
			m |= maskOf(p)
		}
	}
	if g.state == deleted {
		m |= maskOf(propGroupDeletedDateTime)
	}
	return m
}

// groupDifference is the set of properties in which two states of one group differ.
func groupDifference(a, b *group) mask {
	var m mask
	for p := range numGroupText {
		if a.text[p] != b.text[p] {
			m |= maskOf(p)
		}
	}
	if !slices.Equal(a.proxies, b.proxies) {
		m |= maskOf(propGroupProxyAddresses)
	}
	return m
}

func (g *group) filterValues(p property) []string {
	switch p {
	case propGroupID:
		return []string{g.id.String()}
	case propGroupMailEnabled:
		return []string{strconv.FormatBool(g.unified)}
	case propGroupSecurityEnabled:
		return []string{strconv.FormatBool(!g.unified)}
	default:
		return []string{g.text[p]}
	}
}

// securityIdentifier is S-1-12-1 and the four parts of the id, as Entra makes it.
func (g *group) appendSecurityIdentifier(dst []byte) []byte {
	dst = append(dst, "S-1-12-1"...)
	for _, part := range []uint32{
		binary.BigEndian.Uint32(g.id[0:]),
		uint32(binary.BigEndian.Uint16(g.id[6:]))<<16 | uint32(binary.BigEndian.Uint16(g.id[4:])),
		binary.LittleEndian.Uint32(g.id[8:]),
		binary.LittleEndian.Uint32(g.id[12:]),
	} {
		dst = strconv.AppendUint(append(dst, '-'), uint64(part), 10)
	}
	return dst
}

// appendGroup writes a group with every selected property, null where it has no value: the shape of list and get.
func appendGroup(dst []byte, g *group, s *selection) []byte {
	return append(appendGroupFields(append(dst, '{'), g, s), '}')
}

func appendGroupFields(dst []byte, g *group, s *selection) []byte {
	for i := range s.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendGroupField(dst, g, &s.fields[i])
	}
	return dst
}

func appendGroupField(dst []byte, g *group, f *field) []byte {
	dst = append(dst, f.key...)
	if f.constant != "" {
		return append(dst, f.constant...)
	}
	switch f.property {
	case propGroupID:
		dst = append(dst, '"')
		return append(g.id.append(dst), '"')
	case propGroupProxyAddresses:
		return appendList(dst, g.proxies)
	case propGroupTypes:
		if g.unified {
			return append(dst, `["Unified"]`...)
		}
		return append(dst, `[]`...)
	case propGroupMailEnabled:
		return strconv.AppendBool(dst, g.unified)
	case propGroupSecurityEnabled:
		return strconv.AppendBool(dst, !g.unified)
	case propGroupSecurityIdentifier:
		return append(g.appendSecurityIdentifier(append(dst, '"')), '"')
	case propGroupCreatedDateTime:
		return appendTime(dst, g.created)
	case propGroupDeletedDateTime:
		return appendTime(dst, g.deletedAt)
	default:
		return appendText(dst, g.text[f.property])
	}
}
