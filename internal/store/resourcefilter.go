package store

import (
	"strconv"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// objects is a table of objects that SCIM shows; in its queries the object is o.
type objects struct {
	table, values string // values: the function that lists the values of an attribute
	schemas       []scim.Schema
}

func (o objects) users() bool { return o.table == "users" }

// predicate is what becomes of a filter: a condition that is never NULL. Placeholders are numbered in the end. What a query may not ask for
// makes a condition that nothing fits.
type predicate struct {
	objects
	org  ident.ID
	text strings.Builder
	args []any
	// managers: the condition looks at m, the manager whom a tenant names.
	managers bool
	// selective: an index finds the few objects that may fit.
	selective bool
	// depth counts the levels of value paths, negated that of Not and Or.
	depth, negated int
}

func (p *predicate) add(text string, args ...any) {
	p.text.WriteString(text)
	p.args = append(p.args, args...)
}

// filter adds the condition of a filter of objects.
func (p *predicate) filter(f *scim.Filter) {
	switch f.Kind {
	case scim.And, scim.Or, scim.Not, scim.Always:
		p.logic(f, p.filter)
	case scim.ValuePath:
		p.valuePath(f)
	default:
		p.comparison(f)
	}
}

// logic adds what joins conditions, each of which term adds.
func (p *predicate) logic(f *scim.Filter, term func(*scim.Filter)) {
	switch f.Kind {
	case scim.Always:
		fits, _ := f.Value.(bool)
		p.add(strconv.FormatInt(bit(fits), 10) + " = 1")
	case scim.Not:
		p.negated++
		p.add("NOT (")
		term(f.Terms[0])
		p.add(")")
		p.negated--
	default:
		if f.Kind == scim.Or {
			p.negated++
			defer func() { p.negated-- }()
		}
		p.add("(")
		for i, part := range f.Terms {
			if i > 0 {
				p.add(" " + strings.ToUpper(string(f.Kind)) + " ")
			}
			term(part)
		}
		p.add(")")
	}
}

// equal is the comparison of which a NotEqual is the opposite.
func equal(f *scim.Filter) *scim.Filter {
	positive := *f
	positive.Op = scim.Equal
	return &positive
}

// comparison adds the comparison of one attribute.
func (p *predicate) comparison(f *scim.Filter) {
	ref := f.Ref
	switch {
	case f.Op == scim.NotEqual:
		p.logic(&scim.Filter{Kind: scim.Not, Terms: []*scim.Filter{equal(f)}}, p.comparison)
	case p.member(f, ref):
	case ref.URN == "" && (ref.Name == "groups" && p.users() || ref.Name == "members" && !p.users()):
		p.related(ref.Name, func() { p.relation(f, ref.Sub) })
	case p.indexed(f):
	case ref.Name == "":
		p.extension(ref.URN)
	case ref.Multi:
		p.several(f)
	case ref.Type == scim.Complex:
		p.whole(ref)
	default:
		p.compare(f, p.operand(ref))
	}
}

// indexed adds a comparison that columns answer, if there are such.
func (p *predicate) indexed(f *scim.Filter) bool {
	if f.Ref.URN != "" {
		return false
	}
	text, isText := f.Value.(string)
	switch path := f.Ref.Path(); {
	case path == "id" && f.Op == scim.Equal && isText:
		id, err := ident.Parse(text)
		if err != nil || id.IsZero() || f.Ref.CaseExact && id.String() != text {
			p.add("1 = 0")
			return true
		}
		p.add("o.id = $", id)
		p.finds()
	case path == "meta.created":
		return p.column(f, "o.created_at")
	case path == "meta.lastModified":
		return p.column(f, "o.updated_at")
	case path == attr.Active && p.users():
		value, ok := f.Value.(bool)
		if ok {
			p.add("o.active = $", bit(value))
		}
		return ok
	case path == attr.ExternalID && f.Op == scim.Equal && isText && text != "" && f.Ref.CaseExact:
		p.add("(o.external_key <> 0 AND o.external_key = $ AND ", externalKey(text))
		p.compare(f, p.operand(f.Ref))
		p.add(")")
		p.finds()
	case (path == attr.UserName && p.users() || path == attr.DisplayName) && f.Op == scim.Equal && isText && attr.NameKey(text) != "":
		p.named(path, attr.NameKey(text))
	default:
		return false
	}
	return true
}

// named adds that the userName or displayName has a key. The displayName of users has a column and no index.
func (p *predicate) named(path, key string) {
	switch {
	case path == attr.UserName:
		p.add("o.user_name_key = $", key)
	case p.users():
		p.add("o.display_name_key = $", key)
		return
	default:
		p.add("o.display_name_key = $", key)
	}
	p.finds()
}

// finds notes that an index finds what fits, unless the condition just added is one of several or negated.
func (p *predicate) finds() { p.selective = p.selective || p.negated == 0 }

// member adds that the user is a member of one group, or that the group has one member, and reports whether this is what is asked.
func (p *predicate) member(f *scim.Filter, ref scim.Ref) bool {
	text, isText := f.Value.(string)
	id, err := ident.Parse(strings.TrimSpace(text))
	if f.Kind != scim.Compare || f.Op != scim.Equal || !isText || ref.URN != "" || ref.Sub != "value" || err != nil ||
		f.Ref.CaseExact && id.String() != text {
		return false
	}
	switch {
	case ref.Name == "groups" && p.users():
		p.add(`o.id IN (SELECT r.member_id FROM group_members r JOIN groups g ON g.org_id = r.org_id AND g.id = r.group_id
			WHERE r.org_id = $ AND r.group_id = $)`, p.org, id)
	case ref.Name == "members" && !p.users():
		p.add("o.id IN (SELECT r.group_id FROM group_members r WHERE r.member_id = $ AND r.org_id = $)", id, p.org)
	default:
		return false
	}
	p.finds()
	return true
}

// column compares a column that holds microseconds with a time that may be finer.
func (p *predicate) column(f *scim.Filter, column string) bool {
	if f.Op == scim.Present {
		p.add("1 = 1")
		return true
	}
	at, ok := f.Value.(time.Time)
	if !ok {
		return false
	}
	floor := at.UnixMicro()
	exact := time.UnixMicro(floor).Equal(at)
	operator := map[scim.Operator]string{
		scim.Equal: " = $", scim.Greater: " > $", scim.GreaterOrEqual: " >= $", scim.Less: " < $", scim.LessOrEqual: " <= $",
	}[f.Op]
	switch {
	case operator == "", f.Op == scim.Equal && !exact:
		p.add("1 = 0")
		return true
	case f.Op == scim.GreaterOrEqual && !exact:
		operator = " > $"
	case f.Op == scim.Less && !exact:
		operator = " <= $"
	}
	p.add(column+operator, floor)
	return true
}

// extension adds whether any attribute of an extension is there.
func (p *predicate) extension(urn string) {
	p.add("(1 = 0")
	for _, schema := range p.schemas {
		if schema.ID != urn {
			continue
		}
		for _, attribute := range schema.Attributes {
			p.add(" OR ")
			p.comparison(&scim.Filter{Kind: scim.Compare, Op: scim.Present, Ref: scim.Ref{
				URN: urn, Name: attribute.Name, Type: attribute.Type, Multi: attribute.MultiValued,
			}})
		}
	}
	p.add(")")
}

// whole adds whether a sub-attribute of a complex attribute is there.
func (p *predicate) whole(ref scim.Ref) {
	p.add("(1 = 0")
	for _, sub := range p.subAttributes(ref) {
		p.add(" OR ")
		p.compare(&scim.Filter{Op: scim.Present}, p.operand(scim.Ref{URN: ref.URN, Name: ref.Name, Sub: sub.Name, Type: sub.Type}))
	}
	p.add(")")
}

func (p *predicate) subAttributes(ref scim.Ref) []scim.Attribute {
	for i, schema := range p.schemas {
		if schema.ID != ref.URN && (ref.URN != "" || i > 0) {
			continue
		}
		for _, attribute := range schema.Attributes {
			if attribute.Name == ref.Name {
				return attribute.SubAttributes
			}
		}
	}
	return nil
}

// several adds whether one value of a multi-valued attribute fits.
func (p *predicate) several(f *scim.Filter) {
	p.add("(")
	p.mayHold(f)
	p.each(f.Ref, func(value string) {
		if f.Ref.Sub != "" {
			p.add(value + ".type = 'object' AND ")
			p.compare(f, p.subOf(value, f.Ref.Sub))
			return
		}
		// Whether there is a value; all attributes with several values are complex.
		p.add("(" + value + ".atom <> '' OR EXISTS (SELECT 1 FROM json_each(CASE " + value + ".type WHEN 'object' THEN " + value +
			".value ELSE '{}' END) s WHERE s.value <> ''))")
	})
	p.add(")")
}

// valuePath adds whether one value of an attribute fits all of a filter.
func (p *predicate) valuePath(f *scim.Filter) {
	ref := f.Ref
	switch {
	case p.member(f.Terms[0], scim.Ref{URN: ref.URN, Name: ref.Name, Sub: f.Terms[0].Ref.Name}):
	case ref.URN == "" && (ref.Name == "groups" && p.users() || ref.Name == "members" && !p.users()):
		p.related(ref.Name, func() { p.within(f.Terms[0], func(term *scim.Filter) { p.relation(term, term.Ref.Name) }) })
	case ref.Multi:
		p.add("(")
		p.mayHold(f.Terms[0])
		p.each(ref, func(value string) {
			p.within(f.Terms[0], func(term *scim.Filter) { p.compare(term, p.elementOf(value, term.Ref.Name)) })
		})
		p.add(")")
	default: // there has to be a value, whatever is asked of it
		p.add("(")
		p.whole(ref)
		p.add(" AND ")
		p.within(f.Terms[0], func(term *scim.Filter) {
			full := *term
			full.Ref = scim.Ref{URN: ref.URN, Name: ref.Name, Sub: term.Ref.Name, Type: term.Ref.Type, CaseExact: term.Ref.CaseExact}
			p.compare(&full, p.operand(full.Ref))
		})
		p.add(")")
	}
}

// within adds a filter of one value, whose comparisons compare adds.
func (p *predicate) within(f *scim.Filter, compare func(*scim.Filter)) {
	switch {
	case f.Kind != scim.Compare:
		p.logic(f, func(term *scim.Filter) { p.within(term, compare) })
	case f.Op == scim.NotEqual:
		p.logic(&scim.Filter{Kind: scim.Not, Terms: []*scim.Filter{equal(f)}}, compare)
	default:
		compare(f)
	}
}

// each adds whether the condition that fits adds is true of one of the values of an attribute.
func (p *predicate) each(ref scim.Ref, fits func(value string)) {
	p.depth++
	value := "v" + strconv.Itoa(p.depth)
	p.add("EXISTS (SELECT 1 FROM json_each("+p.values+"(o.attributes, $, $)) "+value+" WHERE ", ref.URN, ref.Name)
	fits(value)
	p.add(")")
	p.depth--
}

// related adds whether a group that the user is in, or a member that the group has, fits.
func (p *predicate) related(name string, fits func()) {
	if name == "groups" {
		p.add("EXISTS (SELECT 1 FROM group_members r JOIN groups g ON g.org_id = r.org_id AND g.id = r.group_id WHERE r.member_id = o.id" +
			" AND r.org_id = o.org_id AND ")
	} else {
		p.add("EXISTS (SELECT 1 FROM group_members r WHERE r.org_id = o.org_id AND r.group_id = o.id AND ")
	}
	fits()
	p.add(")")
}

// relation adds a comparison of a membership: of the other side's id, or of the type of the member.
func (p *predicate) relation(f *scim.Filter, sub string) {
	text, _ := f.Value.(string)
	switch {
	case f.Op == scim.Present:
		p.add("1 = 1")
	case f.Op != scim.Equal:
		p.add("1 = 0")
	case sub == "type" && !p.users():
		kind := int64(0)
		for _, known := range []directory.MemberType{directory.UserMember, directory.GroupMember} {
			if attr.NameKey(string(known)) == attr.NameKey(text) {
				kind = kindOf(known)
			}
		}
		p.add("r.kind = $", kind)
	default:
		id, err := ident.Parse(strings.TrimSpace(text))
		if err != nil || f.Ref.CaseExact && id.String() != text {
			p.add("1 = 0")
			return
		}
		column := "r.member_id = $"
		if p.users() {
			column = "r.group_id = $"
		}
		p.add(column, id)
	}
}
