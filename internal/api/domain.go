package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"rollcall/internal/directory"
)

// Domain is a verified domain.
type Domain struct {
	Name       string    `json:"name" doc:"The domain's name, in lower case."`
	VerifiedAt time.Time `json:"verifiedAt" doc:"When it was added."`
}

// NewDomain names a domain to add.
type NewDomain struct {
	Name string `json:"name" minLength:"1" maxLength:"254" example:"contoso.com" doc:"The domain's name."`
}

func (s *server) serveDomains() {
	serve(s, operation{
		id: "listDomains", method: http.MethodGet, path: inOrg + "/domains", tag: "Organizations", summary: "List verified domains",
		detail: "By name.",
	}, func(ctx context.Context, _ *InOrganization) (*body[List[Domain]], error) {
		domains, err := s.Directory.Domains(ctx, orgOf(ctx))
		return reply(List[Domain]{Items: each(domains, domainOf)}), err
	})
	serve(s, operation{
		id: "addDomain", method: http.MethodPost, path: inOrg + "/domains", tag: "Organizations", summary: "Add a verified domain",
		detail: "A domain belongs to one organization only. Users who failed for its absence are planned again.", status: http.StatusCreated,
		failures: []int{http.StatusConflict},
	}, s.addDomain)
	serve(s, operation{
		id: "removeDomain", method: http.MethodDelete, path: inOrg + "/domains/{name}", tag: "Organizations", summary: "Remove a verified domain",
		detail: "Users with addresses in it stay as they are.",
	}, s.removeDomain)
}

func domainOf(domain directory.Domain) Domain {
	return Domain{Name: domain.Name, VerifiedAt: domain.VerifiedAt}
}

func (s *server) addDomain(ctx context.Context, in *struct {
	InOrganization
	Body NewDomain
},
) (*created[Domain], error) {
	var domain directory.Domain
	err := s.Engine.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if domain, err = s.Directory.AddDomain(ctx, orgOf(ctx), in.Body.Name); err != nil {
			return err
		}
		return s.Engine.DomainsChanged(ctx, orgOf(ctx))
	})
	return &created[Domain]{Location: at(ctx, "/domains/%s", url.PathEscape(domain.Name)), Body: domainOf(domain)}, err
}

func (s *server) removeDomain(ctx context.Context, in *struct {
	InOrganization
	Name string `path:"name" maxLength:"254" doc:"The domain's name."`
},
) (*struct{}, error) {
	return nil, s.Engine.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Directory.RemoveDomain(ctx, orgOf(ctx), in.Name); err != nil {
			return err
		}
		return s.Engine.DomainsChanged(ctx, orgOf(ctx))
	})
}
