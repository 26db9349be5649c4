package scim

import (
	"slices"
	"strings"
)

// Type is the data type of an attribute (RFC 7643, section 2.3).
type Type string

// The data types.
const (
	String    Type = "string"
	Boolean   Type = "boolean"
	DateTime  Type = "dateTime"
	Integer   Type = "integer"
	Decimal   Type = "decimal"
	Binary    Type = "binary"
	Reference Type = "reference"
	Complex   Type = "complex"
)

// The characteristics of attributes (RFC 7643, section 2.2).
const (
	ReadOnly  = "readOnly"
	ReadWrite = "readWrite"
	Immutable = "immutable"
	WriteOnly = "writeOnly"

	ReturnedAlways  = "always"
	ReturnedNever   = "never"
	ReturnedDefault = "default"
	ReturnedRequest = "request"

	NotUnique    = "none"
	ServerUnique = "server"
)

// Attribute defines an attribute as /Schemas shows it (RFC 7643, section 7).
type Attribute struct {
	Name            string      `json:"name"`
	Type            Type        `json:"type"`
	MultiValued     bool        `json:"multiValued"`
	Description     string      `json:"description"`
	Required        bool        `json:"required"`
	CanonicalValues []string    `json:"canonicalValues,omitempty"`
	CaseExact       bool        `json:"caseExact"`
	Mutability      string      `json:"mutability"`
	Returned        string      `json:"returned"`
	Uniqueness      string      `json:"uniqueness"`
	ReferenceTypes  []string    `json:"referenceTypes,omitempty"`
	SubAttributes   []Attribute `json:"subAttributes,omitempty"`
}

// Schema is a schema as /Schemas shows it.
type Schema struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Attributes  []Attribute `json:"attributes"`
}

// find returns the attribute of the name, in whatever case it is written; nil if there is none.
func find(attributes []Attribute, name string) *Attribute {
	i := slices.IndexFunc(attributes, func(a Attribute) bool { return strings.EqualFold(a.Name, name) })
	if i < 0 {
		return nil
	}
	return &attributes[i]
}

// sub returns a sub-attribute; nil if there is none.
func (a *Attribute) sub(name string) *Attribute { return find(a.SubAttributes, name) }

func (a Attribute) writable() bool { return a.Mutability != ReadOnly }

// The definitions begin with a text of mixed case that is written and read; what is different is said behind it.

func text(name, description string) Attribute {
	return Attribute{
		Name: name, Type: String, Description: description, Mutability: ReadWrite, Returned: ReturnedDefault, Uniqueness: NotUnique,
	}
}

func flag(name, description string) Attribute {
	a := text(name, description)
	a.Type = Boolean
	return a
}

func complexOf(name, description string, subs ...Attribute) Attribute {
	a := text(name, description)
	a.Type, a.SubAttributes = Complex, subs
	return a
}

func reference(name, description string, to ...string) Attribute {
	a := text(name, description)
	a.Type, a.ReferenceTypes, a.CaseExact = Reference, to, true
	return a
}

func (a Attribute) multi() Attribute {
	a.MultiValued = true
	return a
}

func (a Attribute) exact() Attribute {
	a.CaseExact = true
	return a
}

func (a Attribute) required() Attribute {
	a.Required = true
	return a
}

func (a Attribute) with(mutability string) Attribute {
	a.Mutability = mutability
	return a
}

func (a Attribute) oneOf(values ...string) Attribute {
	a.CanonicalValues = values
	return a
}

// plural is a multi-valued attribute of the usual shape (RFC 7643, section 2.4).
func plural(name, description string, value Attribute, types ...string) Attribute {
	return complexOf(name, description, value,
		text("display", "A name for people."),
		text("type", "What the value is for.").oneOf(types...),
		flag("primary", "The preferred value; at most one is.")).multi()
}
