package store

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// ordering is how the objects of a query are ordered: those without a value last, by the value, by the id; all of it the other way round
// if descending.
type ordering struct {
	objects
	// by is the attribute, nil for the id alone; column is the one that has its values in order, "" for none.
	by         *scim.Ref
	column     string
	descending bool
	// digest tells cursors of one order from those of another.
	digest uint32
}

// position is where an object stands in an order. key is nil for an object without a value.
type position struct {
	missing int64
	key     any
	id      ident.ID
}

func (o objects) order(query directory.ResourceQuery) ordering {
	order := ordering{objects: o, descending: query.Descending}
	if query.Sort != nil && (query.Sort.URN != "" || query.Sort.Name != "id") {
		order.by = query.Sort
		switch path := query.Sort.Path(); {
		case path == attr.UserName && o.users():
			order.column = "o.user_name_key"
		case path == attr.DisplayName && !o.users():
			order.column = "o.display_name_key"
		case path == "meta.created":
			order.column = "o.created_at"
		case path == "meta.lastModified":
			order.column = "o.updated_at"
		}
	}
	digest := fnv.New32a()
	_, _ = digest.Write([]byte(o.table)) // never fails
	if order.by != nil {
		_, _ = digest.Write([]byte(order.by.Path()))
	}
	if order.descending {
		_, _ = digest.Write([]byte{1})
	}
	order.digest = digest.Sum32()
	return order
}

// key adds the value by which objects are ordered.
func (o ordering) key(p *predicate) {
	switch {
	case o.by == nil:
		p.add("0")
	case o.column != "":
		p.add(o.column)
	case o.by.Multi: // the primary value counts, or else the first
		p.add("(SELECT ")
		o.comparable(p, p.elementOf("v", o.by.Sub))
		p.add(" FROM json_each("+o.values+"(o.attributes, $, $)) v ORDER BY CASE WHEN ", o.by.URN, o.by.Name)
		p.elementOf("v", "primary").kind()
		p.add(" = 'true' THEN 0 ELSE 1 END, v.key LIMIT 1)")
	default:
		o.comparable(p, p.operand(*o.by))
	}
}

// comparable adds a value in the form in which values of the attribute are ordered.
func (o ordering) comparable(p *predicate, value operand) {
	switch o.by.Type {
	case scim.Boolean:
		p.typed(value, "'true', 'false'", "(")
	case scim.Integer, scim.Decimal:
		p.typed(value, "'integer', 'real'", "(")
	case scim.DateTime:
		p.typed(value, "'text'", "instant(")
	default:
		form := "fold("
		if o.by.CaseExact {
			form = "("
		}
		p.typed(value, "'text'", form)
	}
}

// pageText makes the query of a page: the columns of the objects, then missing and key.
func (o ordering) pageText(where *predicate, from *position, query directory.ResourceQuery) (string, []any) {
	o.behind(where, from)
	key := predicate{objects: o.objects, org: where.org}
	o.key(&key)
	where.managers = where.managers || key.managers
	tail, args := where.from("")
	direction := ""
	if o.descending {
		direction = " DESC"
	}
	inner, outer := "o.id"+direction, "p.id"+direction
	switch {
	case o.by == nil && where.selective:
		inner = "+" + inner // or it would read all objects in their order to find the one
	case o.by == nil:
	case o.column == "o.user_name_key": // unique
		inner, outer = o.column+direction, "p.key"+direction
	case o.column != "":
		inner, outer = o.column+direction+", "+inner, "p.key"+direction+", "+outer
	default:
		inner, outer = "missing"+direction+", key"+direction+", "+inner, "p.missing"+direction+", p.key"+direction+", "+outer
	}
	missing := "0"
	if o.by != nil && o.column == "" {
		missing = "key IS NULL"
	}
	// The missing of SELECT key IS NULL needs the key of a level below.
	text := "SELECT id, " + missing + " AS missing, key FROM (SELECT o.id, " + key.text.String() + " AS key" + tail + ") o"
	if missing == "0" {
		text = "SELECT o.id, 0 AS missing, " + key.text.String() + " AS key" + tail
	}
	args = append(append([]any(nil), key.args...), args...)
	text = "SELECT " + o.columns() + ", p.missing, p.key FROM (" + text + " ORDER BY " + inner + " LIMIT $ OFFSET $) p JOIN " + o.table +
		" o ON o.org_id = $ AND o.id = p.id LEFT JOIN instances i ON i.id = o.owner_id ORDER BY " + outer
	return text, append(args, query.Limit+1, query.Skip, where.org)
}

// behind adds that objects stand behind a position.
func (o ordering) behind(p *predicate, from *position) {
	if from == nil {
		return
	}
	than := " > "
	if o.descending {
		than = " < "
	}
	switch {
	case o.by == nil:
		p.add(" AND o.id"+than+"$", from.id)
	case o.column == "o.user_name_key":
		p.add(" AND o.user_name_key"+than+"$", from.key)
	case o.column != "":
		p.add(" AND ("+o.column+", o.id)"+than+"($, $)", from.key, from.id)
	default:
		key := predicate{objects: o.objects, org: p.org}
		o.key(&key)
		p.managers = p.managers || key.managers
		text := key.text.String()
		p.add(" AND ("+text+" IS NULL, COALESCE("+text+", ''), o.id)"+than+"($, COALESCE($, ''), $)",
			append(append(append([]any(nil), key.args...), key.args...), from.missing, from.key, from.id)...)
	}
}

// cursorForm is how cursors begin; another form of them gets another number.
const cursorForm = 1

// after makes the cursor of the page that begins behind a position.
func (o ordering) after(last position) string {
	head := binary.BigEndian.AppendUint32([]byte{cursorForm}, o.digest)
	data := append(head, last.id[:]...)
	if o.by != nil {
		key, err := json.Marshal(last.key)
		if err != nil {
			key = []byte("null") // keys are texts and numbers
		}
		data = append(data, key...)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// cursor reads what after made; nil for the beginning.
func (o ordering) cursor(text string) (*position, error) {
	if text == "" {
		return nil, nil
	}
	bad := fault.New(fault.Invalid, "BadCursor", "the cursor is none of this query's").
		WithRemedy("Give nextCursor of the page before, with the same sortBy and sortOrder, or begin anew without one.")
	data, err := base64.RawURLEncoding.DecodeString(text)
	const head = 1 + 4 + len(ident.ID{})
	if err != nil || len(data) < head || data[0] != cursorForm || binary.BigEndian.Uint32(data[1:]) != o.digest {
		return nil, bad
	}
	var from position
	copy(from.id[:], data[5:])
	if o.by == nil {
		if len(data) != head {
			return nil, bad
		}
		return &from, nil
	}
	if err := json.Unmarshal(data[head:], &from.key); err != nil {
		return nil, bad
	}
	switch key := from.key.(type) {
	case nil:
		from.missing = 1
	case string:
	case float64:
		if whole := int64(key); float64(whole) == key {
			from.key = whole
		}
	default:
		return nil, bad
	}
	return &from, nil
}
