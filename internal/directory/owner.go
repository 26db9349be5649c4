package directory

import "rollcall/internal/ident"

// Writer is on whose behalf somebody writes: of a source, over SCIM. The zero Writer is a person, or a program that acts like one.
type Writer struct {
	Source Source
	// TakeOver: what somebody else manages becomes the source's when it is written to, instead of being refused.
	TakeOver bool
}

// Writer returns on whose behalf the bearer writes over SCIM. Taking over ends with the rights of the administrator who allowed it.
func (t Token) Writer() Writer {
	return Writer{Source: t.Source, TakeOver: t.TakeOver && t.AdministratorRole.May(Administer)}
}

// owns reports whether the writer may write to what the owner manages, without taking it over.
func (w Writer) owns(owner ident.ID) bool {
	return owner.IsZero() || w.Source != "" && owner == w.Source.Owner()
}

// Owner is the id under which a source manages what it took over. It is stored, so a source keeps its place among Sources. It is nobody else's:
// ids of instances begin with the time.
func (s Source) Owner() ident.ID {
	var id ident.ID
	for _, source := range Sources() {
		if id[len(id)-1]++; source == s {
			break
		}
	}
	return id
}

// SourceOf returns the source whose id as an owner this is; "" for none.
func SourceOf(owner ident.ID) Source {
	for _, source := range Sources() {
		if owner == source.Owner() {
			return source
		}
	}
	return ""
}

// NameOwner returns what people call an owner: the name of the instance or, as there is none, that of the source.
func NameOwner(owner ident.ID, instance string) string {
	if source := SourceOf(owner); source != "" {
		return "the source " + string(source)
	}
	return instance
}
