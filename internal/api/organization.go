package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// Organization owns one directory.
type Organization struct {
	ID                    ident.ID `json:"id" format:"uuid" doc:"The organization's id."`
	Name                  string   `json:"name" doc:"What people call it."`
	RequireVerifiedDomain bool     `json:"requireVerifiedDomain" doc:"Outside the verified domains no user is created, and none is renamed into them."`
	// BlockedSources: see B6 of the requirements.
	BlockedSources      []directory.Source `json:"blockedSources" nullable:"false" doc:"Sources whose tokens may not write over SCIM: SCIM, AAD, AD (the Directory Connector), OKTA."`
	TenantURL           string             `json:"tenantUrl" format:"uri" doc:"Where the organization's SCIM service is: what Entra calls Tenant URL."`
	DirectoryConnectors []string           `json:"directoryConnectors,omitempty" nullable:"false" doc:"Names of active tokens and clients by which the Directory Connector can still write; told of a single organization, to who may see tokens."`
	CreatedAt           time.Time          `json:"createdAt" doc:"When it was created."`
	Warnings            []Expiry           `json:"warnings,omitempty" nullable:"false" doc:"Tokens and client secrets of the organization that end within 30 days, or did in the last 30; told of a single organization, to who may make them."`
}

// NewOrganization describes an organization to create.
type NewOrganization struct {
	Name string `json:"name" minLength:"1" maxLength:"256" example:"Contoso" doc:"What people call it."`
}

// OrganizationPatch changes an organization; what is absent stays as it is.
type OrganizationPatch struct {
	RequireVerifiedDomain *bool               `json:"requireVerifiedDomain,omitempty" example:"true" doc:"All users must have a verified domain."`
	BlockedSources        *[]directory.Source `json:"blockedSources,omitempty" enum:"SCIM,AAD,AD,OKTA" doc:"Sources whose tokens may not write over SCIM; an empty list lifts every block."`
}

func (s *server) serveOrganizations() {
	serve(s, operation{
		id: "listOrganizations", method: http.MethodGet, path: "/organizations", tag: "Organizations", summary: "List the server's organizations",
	}, func(ctx context.Context, _ *struct{}) (*body[List[Organization]], error) {
		all, err := s.Directory.ListOrganizations(ctx)
		return reply(List[Organization]{Items: each(all, func(org directory.Organization) Organization { return organizationOf(ctx, org) })}), err
	})
	serve(s, operation{
		id: "createOrganization", method: http.MethodPost, path: "/organizations", tag: "Organizations",
		summary: "Create an organization", detail: "It begins with an empty directory.", status: http.StatusCreated,
		failures: []int{http.StatusConflict},
	}, s.createOrganization)
	serve(s, operation{
		id: "getOrganization", method: http.MethodGet, path: inOrg, tag: "Organizations", summary: "Read an organization",
	}, func(ctx context.Context, _ *InOrganization) (*body[Organization], error) {
		org, err := s.Directory.Organization(ctx, orgOf(ctx))
		if err != nil {
			return nil, err
		}
		out := organizationOf(ctx, org)
		if callerOf(ctx).token.May(directory.Administer) { // who may not see tokens is not told of them
			if out.Warnings, err = s.expiries(ctx, org.ID); err != nil {
				return nil, err
			}
			out.DirectoryConnectors, err = s.Engine.FeedingConnectors(ctx, org.ID)
		}
		return reply(out), err
	})
	serve(s, operation{
		id: "changeOrganization", method: http.MethodPatch, path: inOrg, tag: "Organizations", summary: "Change an organization",
	}, s.changeOrganization)
	s.serveRetention()
}

func organizationOf(ctx context.Context, org directory.Organization) Organization {
	return Organization{
		ID: org.ID, Name: org.Name, RequireVerifiedDomain: org.RequireVerifiedDomain, BlockedSources: append([]directory.Source{}, org.BlockedSources...),
		TenantURL: tenantURL(ctx, org.ID), CreatedAt: org.CreatedAt,
	}
}

func (s *server) createOrganization(ctx context.Context, in *struct{ Body NewOrganization }) (*created[Organization], error) {
	org, err := s.Directory.CreateOrganization(ctx, in.Body.Name)
	return &created[Organization]{Location: Prefix + "/organizations/" + org.ID.String(), Body: organizationOf(ctx, org)}, err
}

// changeOrganization also lets those be planned again who failed for the rule that changed, in the same transaction.
func (s *server) changeOrganization(ctx context.Context, in *struct {
	InOrganization
	Body OrganizationPatch
},
) (*body[Organization], error) {
	id := orgOf(ctx)
	err := s.Engine.Store.InTx(ctx, func(ctx context.Context) error {
		if in.Body.BlockedSources != nil {
			if err := s.Directory.BlockSources(ctx, id, *in.Body.BlockedSources); err != nil {
				return err
			}
		}
		if in.Body.RequireVerifiedDomain == nil {
			return nil
		}
		if err := s.Directory.RequireVerifiedDomain(ctx, id, *in.Body.RequireVerifiedDomain); err != nil {
			return err
		}
		return s.Engine.DomainsChanged(ctx, id)
	})
	if err != nil {
		return nil, err
	}
	org, err := s.Directory.Organization(ctx, id)
	return reply(organizationOf(ctx, org)), err
}
