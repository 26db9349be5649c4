package directory

import (
	"context"
	"regexp"
	"strings"

	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// domainName is a name of at least two labels of ASCII letters, digits and inner hyphens, the last of which begins with a letter (RFC 1123,
// section 2.1): no address is one. Internationalized names come in their ASCII form (xn--…), as Entra shows them.
var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)

// normalDomain returns the one spelling of a domain name: lower case, without blanks around it and the dot of the root.
func normalDomain(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
}

// AddDomain adds a verified domain. A domain belongs to one organization only: one that is there already, here or elsewhere, fails as
// fault.Conflict, what is no domain name as fault.Invalid.
func (s *Service) AddDomain(ctx context.Context, org ident.ID, name string) (Domain, error) {
	name = normalDomain(name)
	if len(name) > 253 || !domainName.MatchString(name) {
		return Domain{}, fault.New(fault.Invalid, "BadDomain", "%q is not a domain name", name).
			WithRemedy("Give a name such as example.com; names in other scripts in their ASCII form, such as xn--bcher-kva.example.")
	}
	domain := Domain{OrgID: org, Name: name, VerifiedAt: s.now()}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.Organization(ctx, org); err != nil {
			return err
		}
		if err := s.store.SaveDomain(ctx, domain); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: org, Action: "domain.add", ObjectID: name, ObjectName: name})
	})
	if err != nil {
		return Domain{}, err
	}
	return domain, nil
}

// RemoveDomain removes a verified domain; users with addresses in it stay as they are. It fails as fault.NotFound.
func (s *Service) RemoveDomain(ctx context.Context, org ident.ID, name string) error {
	name = normalDomain(name)
	return s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteDomain(ctx, org, name); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: org, Action: "domain.remove", ObjectID: name, ObjectName: name})
	})
}

// Domains returns the verified domains in the order of their names.
func (s *Service) Domains(ctx context.Context, org ident.ID) ([]Domain, error) {
	return s.store.Domains(ctx, org)
}
