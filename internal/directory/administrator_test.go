package directory_test

import (
	"testing"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

var rights = directory.Rights()

func TestEveryRoleMayWhatItMayAndNothingElse(t *testing.T) {
	const yes, no = true, false
	matrix := map[directory.Role][9]bool{ // in the order of rights
		directory.FullAdministrator:     {yes, yes, yes, yes, yes, yes, yes, yes, yes},
		directory.UserAdministrator:     {yes, no, no, yes, yes, no, no, yes, yes},
		directory.ReadOnlyAdministrator: {yes, no, yes, no, no, no, no, yes, no},
		directory.ComplianceOfficer:     {no, yes, yes, no, no, no, yes, no, no},
		directory.SCIMWriter:            {no, no, no, no, no, no, no, yes, yes},
		directory.SCIMReader:            {no, no, no, no, no, no, no, yes, no},
		directory.DirectoryUser:         {no, no, no, no, no, no, no, no, no},
		"":                              {no, no, no, no, no, no, no, no, no},
		"king":                          {no, no, no, no, no, no, no, no, no},
	}
	for role, row := range matrix {
		for i, right := range rights {
			if role.May(right) != row[i] {
				t.Errorf("a %q may %s: %v, want %v", role, right, role.May(right), row[i])
			}
		}
	}
	if n := len(directory.Roles()); n != len(matrix)-2 {
		t.Errorf("there are %d roles, and the matrix has %d", n, len(matrix)-2)
	}
}

func TestAnAdministratorBelongsToAnOrganizationOrToTheServer(t *testing.T) {
	w := newWorld(t)
	var ours directory.Administrator
	event := w.sole(func() { ours = w.administrator(w.org, directory.UserAdministrator) })
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "administrator.create", ObjectID: ours.ID.String(), ObjectName: "Ada",
		After: record("role", "user-administrator"),
	}, event)
	servers := w.administrator(ident.ID{}, directory.FullAdministrator)
	for org, want := range map[ident.ID]directory.Administrator{w.org: ours, {}: servers} {
		got, err := w.Administrators(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "administrators", []directory.Administrator{want}, got)
	}
}

func TestWhoCannotBeAnAdministratorIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		role directory.Role
	}{{" ", directory.FullAdministrator}, {"Ada", directory.DirectoryUser}, {"Ada", "king"}, {"Ada", ""}} {
		_, err := w.CreateAdministrator(t.Context(), w.org, c.name, c.role)
		refused(t, err, fault.Invalid, "BadAdministrator")
	}
	_, err := w.CreateAdministrator(t.Context(), ident.New(w.now), "Ada", directory.FullAdministrator)
	refused(t, err, fault.NotFound, "UnknownOrganization")
	for _, org := range []ident.ID{w.org, {}} {
		if got, err := w.Administrators(t.Context(), org); err != nil || len(got) != 0 {
			t.Errorf("%d administrators are there (%v), want none", len(got), err)
		}
	}
}

func TestOrganizationsAreListedInTheOrderInWhichTheyWereMade(t *testing.T) {
	w := newWorld(t)
	other := w.organization("Another")
	all, err := w.ListOrganizations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "organizations", []directory.Organization{
		{ID: w.org, Name: "Example", CreatedAt: w.now}, {ID: other, Name: "Another", CreatedAt: w.now},
	}, all)
	one, err := w.Organization(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "organization", all[1], one)
	events := w.events(0)
	if len(events) != 1 || events[0].Action != "organization.create" || events[0].ObjectName != "Example" {
		t.Errorf("the log of the first holds %+v, want its creation only", events)
	}
	_, err = w.CreateOrganization(t.Context(), "\t")
	refused(t, err, fault.Invalid, "MissingName")
	refused(t, w.RequireVerifiedDomain(t.Context(), ident.New(w.now), true), fault.NotFound, "UnknownOrganization")
}

func TestEventsArePagedNewestFirst(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a.example", "b.example", "c.example"} {
		w.domain(name)
	}
	var got []string
	after := ident.ID{}
	for {
		page, err := w.Events(t.Context(), w.org, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, event := range page {
			got = append(got, event.Action+" "+event.ObjectName)
			after = event.ID
		}
	}
	same(t, "events", []string{"domain.add c.example", "domain.add b.example", "domain.add a.example", "organization.create Example"}, got)
}
