package directory

import (
	"context"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// Source is on whose behalf a program writes over SCIM (E2).
type Source string

// The sources. SourceAD is the Directory Connector, which sends what an on-premises Active Directory holds.
const (
	SourceSCIM Source = "SCIM"
	SourceAAD  Source = "AAD"
	SourceAD   Source = "AD"
	SourceOkta Source = "OKTA"
)

// Sources lists them.
func Sources() []Source { return []Source{SourceSCIM, SourceAAD, SourceAD, SourceOkta} }

// Profiles lists how the requests of a SCIM client may be read.
func Profiles() []scim.Profile { return []scim.Profile{scim.Entra, scim.Strict} }

// checkProvisioning checks what is particular to credentials for SCIM; "" stands for the defaults.
func checkProvisioning(org ident.ID, role Role, source Source, profile scim.Profile) error {
	switch {
	case source != "" && !slices.Contains(Sources(), source):
		return fault.New(fault.Invalid, "UnknownSource", "%q is not a source", source).WithRemedy("Use one of %v.", Sources())
	case profile != "" && !slices.Contains(Profiles(), profile):
		return fault.New(fault.Invalid, "UnknownProfile", "%q is not a profile", profile).WithRemedy("Use one of %v.", Profiles())
	case role.Provisions() && org.IsZero():
		return fault.New(fault.Invalid, "TokenOrganization", "a token for SCIM belongs to one organization").WithRemedy("Make it there.")
	}
	return nil
}

// checkTakeOver refuses taking over to whom it would be of no use, or who writes on behalf of no source.
func checkTakeOver(role Role, takeOver bool) error {
	if takeOver && role != SCIMWriter {
		return fault.New(fault.Invalid, "TakeOver", "only what writes over SCIM can take over what others manage").WithRemedy("Use the role %s.", SCIMWriter)
	}
	return nil
}

// BlockSources says which sources may not write over SCIM; the others may. Their tokens and clients stay, and go on when it is lifted.
func (s *Service) BlockSources(ctx context.Context, org ident.ID, blocked []Source) error {
	for _, source := range blocked {
		if !slices.Contains(Sources(), source) {
			return fault.New(fault.Invalid, "UnknownSource", "%q is not a source", source).WithRemedy("Use one of %v.", Sources())
		}
	}
	blocked = slices.DeleteFunc(Sources(), func(source Source) bool { return !slices.Contains(blocked, source) })
	return s.store.InTx(ctx, func(ctx context.Context) error {
		organization, err := s.store.Organization(ctx, org)
		if err != nil || slices.Equal(organization.BlockedSources, blocked) {
			return err
		}
		before := sourcesRecord(organization.BlockedSources)
		organization.BlockedSources = blocked
		if err := s.store.SaveOrganization(ctx, organization); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: org, Action: "organization.change", ObjectID: org.String(), ObjectName: organization.Name,
			Before: before, After: sourcesRecord(blocked),
		})
	})
}

func sourcesRecord(sources []Source) attr.Record {
	names := make([]string, len(sources))
	for i, source := range sources {
		names[i] = string(source)
	}
	return attr.From(map[string]any{"blockedSources": names})
}
