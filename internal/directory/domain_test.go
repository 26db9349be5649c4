package directory_test

import (
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

func (w *world) domain(name string) {
	w.Helper()
	if _, err := w.AddDomain(w.Context(), w.org, name); err != nil {
		w.Fatal(err)
	}
}

func TestADomainIsKeptInOneSpellingAndListedByName(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{" Example.COM. ", "xn--bcher-kva.example", "a-1.b.museum"} {
		w.domain(name)
	}
	got, err := w.Domains(t.Context(), w.org)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "domains", []directory.Domain{
		{OrgID: w.org, Name: "a-1.b.museum", VerifiedAt: w.now},
		{OrgID: w.org, Name: "example.com", VerifiedAt: w.now},
		{OrgID: w.org, Name: "xn--bcher-kva.example", VerifiedAt: w.now},
	}, got)
}

func TestWhatIsNoDomainNameIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{
		"", "com", "bücher.example", "192.0.2.7", "-a.example", "a-.example", "a..example", "a b.example", "*.example.com", "ada@example.com",
		"example.c", "example.-com", "example.com/", strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 126) + "example",
	} {
		w.silent(func() {
			_, err := w.AddDomain(t.Context(), w.org, name)
			refused(t, err, fault.Invalid, "BadDomain")
		})
	}
}

func TestADomainBelongsToOneOrganizationOnly(t *testing.T) {
	w := newWorld(t)
	elsewhere := w.organization("Elsewhere")
	w.domain("example.com")
	for _, org := range []ident.ID{w.org, elsewhere} {
		_, err := w.AddDomain(t.Context(), org, "EXAMPLE.com")
		refused(t, err, fault.Conflict, "DomainTaken", "example.com")
	}
	refused(t, w.RemoveDomain(t.Context(), elsewhere, "example.com"), fault.NotFound, "UnknownDomain")
	if err := w.RemoveDomain(t.Context(), w.org, " Example.com."); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddDomain(t.Context(), elsewhere, "example.com"); err != nil {
		t.Errorf("a domain that was given up cannot be added: %v", err)
	}
	_, err := w.AddDomain(t.Context(), ident.New(w.now), "example.net")
	refused(t, err, fault.NotFound, "UnknownOrganization")
}

func TestDomainsAndTheirSwitchLeaveEvents(t *testing.T) {
	w := newWorld(t)
	event := func(action, id, name string) audit.Event {
		return audit.Event{OrgID: w.org, At: w.now, Actor: audit.System(), Action: action, ObjectID: id, ObjectName: name}
	}
	same(t, "added", event("domain.add", "example.com", "example.com"), w.sole(func() { w.domain("Example.com") }))
	same(t, "removed", event("domain.remove", "example.com", "example.com"), w.sole(func() {
		if err := w.RemoveDomain(t.Context(), w.org, "EXAMPLE.com"); err != nil {
			t.Fatal(err)
		}
	}))
	switched := event("organization.change", w.org.String(), "Example")
	switched.Before, switched.After = record("requireVerifiedDomain", false), record("requireVerifiedDomain", true)
	same(t, "switched", switched, w.sole(func() { w.require(true) }))
	w.silent(func() { w.require(true) })
}

func (w *world) require(on bool) {
	w.Helper()
	if err := w.RequireVerifiedDomain(w.Context(), w.org, on); err != nil {
		w.Fatal(err)
	}
	if org, err := w.Organization(w.Context(), w.org); err != nil || org.RequireVerifiedDomain != on {
		w.Fatalf("the switch is %v (%v)", org.RequireVerifiedDomain, err)
	}
}

func TestOutsideTheVerifiedDomainsNobodyIsCreatedAndNoneRenamedIntoThem(t *testing.T) {
	w := newWorld(t)
	old := w.user("ada@old.example")
	w.domain("example.com")
	w.require(true)
	grace := w.user("grace@EXAMPLE.com")
	w.silent(func() {
		for _, name := range []string{"mary@old.example", "mary@sub.example.com", "mary", "mary@example.com.evil.example"} {
			_, err := w.CreateUser(t.Context(), w.org, record(attr.UserName, name))
			refused(t, err, fault.Invalid, "InvalidDomain", name, "rollcall domain add")
			_, err = w.ChangeUser(t.Context(), w.org, grace.ID, record(attr.UserName, name), 0)
			refused(t, err, fault.Invalid, "InvalidDomain")
		}
	})
	for _, partial := range []attr.Record{
		record("title", "Countess"), record(attr.UserName, "lovelace@OLD.example"), record(attr.UserName, "ada@example.com"),
	} {
		if _, err := w.ChangeUser(t.Context(), w.org, old.ID, partial, 0); err != nil {
			t.Errorf("%v is refused: %v", partial, err)
		}
	}
	w.require(false)
	w.user("mary@old.example")
}
