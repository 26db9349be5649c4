package entrasim

import (
	"strconv"
	"time"
)

// appendUser writes a user with every selected property, null where it has no value: the shape of list and get.
func (d *directory) appendUser(dst []byte, u *user, s *selection, seq int) []byte {
	dst = append(dst, '{')
	dst = appendFields(dst, u, s)
	if s.manager != nil && d.isLive(u.manager, seq) {
		var scratch user
		m := d.at(u.manager, seq, &scratch, s.manager.mask)
		dst = append(dst, `,"manager":{"@odata.type":"#microsoft.graph.user"`...)
		if len(s.manager.fields) > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendFields(dst, m, s.manager), '}')
	}
	return append(dst, '}')
}

func appendFields(dst []byte, u *user, s *selection) []byte {
	for i := range s.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendField(dst, u, &s.fields[i])
	}
	return dst
}

func appendField(dst []byte, u *user, f *field) []byte {
	dst = append(dst, f.key...)
	if f.constant != "" {
		return append(dst, f.constant...)
	}
	switch f.property {
	case propID:
		dst = append(dst, '"')
		return append(u.id.append(dst), '"')
	case propUserPrincipalName:
		return appendText(dst, u.name())
	case propBusinessPhones, propOtherMails, propProxyAddresses:
		return appendList(dst, *u.list(f.property))
	case propAccountEnabled:
		return strconv.AppendBool(dst, u.enabled)
	case propCreatedDateTime:
		return appendTime(dst, u.created)
	case propDeletedDateTime:
		return appendTime(dst, u.deletedAt)
	case propExtensionAttributes:
		return appendExtensions(dst, u.extensions)
	default:
		return appendText(dst, u.text[f.property])
	}
}

// appendText writes a text property: what is empty is null.
func appendText(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, s)
}

func appendList(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = t.UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
	return append(dst, '"')
}

func appendExtensions(dst []byte, e *[numExtensions]string) []byte {
	dst = append(dst, '{')
	for n := range numExtensions {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `"extensionAttribute`...)
		dst = strconv.AppendInt(dst, int64(n+1), 10)
		dst = append(dst, `":`...)
		if e == nil {
			dst = append(dst, "null"...)
		} else {
			dst = appendText(dst, e[n])
		}
	}
	return append(dst, '}')
}

// appendDelta writes a user in a delta: the selected properties out of tell that ever had a value, and the relationship
// to the manager if the change is in it.
func (d *directory) appendDelta(dst []byte, u *user, s *selection, tell mask, managerBefore, seq int) []byte {
	dst = append(dst, '{')
	tell &= u.everSet | u.filled()
	for i := range s.fields {
		f := &s.fields[i]
		if f.property == propID || f.constant != "" || !tell.has(f.property) {
			continue
		}
		dst = append(appendField(dst, u, f), ',')
	}
	dst = append(dst, `"id":"`...)
	dst = append(u.id.append(dst), '"')
	if s.mask.has(propManager) && tell.has(propManager) {
		dst = d.appendManagerDelta(dst, u.manager, managerBefore, seq)
	}
	return append(dst, '}')
}

func (d *directory) appendManagerDelta(dst []byte, manager, before, seq int) []byte {
	if manager == before {
		before = noManager
	}
	if !d.isLive(manager, seq) {
		manager = noManager
	}
	if manager == noManager && before == noManager {
		return dst
	}
	dst = append(dst, `,"manager@delta":[`...)
	if before != noManager {
		dst = append(dst, `{"@odata.type":"#microsoft.graph.user","id":"`...)
		dst = append(d.id(before).append(dst), `","@removed":{"reason":"deleted"}}`...)
	}
	if manager != noManager {
		if before != noManager {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"@odata.type":"#microsoft.graph.user","id":"`...)
		dst = append(d.id(manager).append(dst), `"}`...)
	}
	return append(dst, ']')
}

// appendRemoved writes an object that is gone: changed means that the recycle bin still has it.
func appendRemoved(dst []byte, id guid, state lifeState) []byte {
	reason := "deleted"
	if state == deleted {
		reason = "changed"
	}
	dst = append(dst, `{"id":"`...)
	dst = id.append(dst)
	return append(dst, `","@removed":{"reason":"`+reason+`"}}`...)
}
