package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Organization is the tenant itself: https://learn.microsoft.com/graph/api/resources/organization.
type Organization struct {
	// ID is the tenant id.
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	// CountryLetterCode is the country of registration, ISO 3166 alpha-2. May be empty.
	CountryLetterCode string `json:"countryLetterCode"`
}

// Domain is one domain of the tenant: https://learn.microsoft.com/graph/api/resources/domain.
type Domain struct {
	// Name is the fully qualified domain name.
	Name       string `json:"id"`
	IsVerified bool   `json:"isVerified"`
	IsDefault  bool   `json:"isDefault"`
	// IsInitial marks the one that the tenant was created with: contoso.onmicrosoft.com.
	IsInitial bool `json:"isInitial"`
	// AuthenticationType is "Managed" or "Federated".
	AuthenticationType string `json:"authenticationType"`
	// SupportedServices lists what the domain is used for, such as "Email".
	SupportedServices []string `json:"supportedServices"`
}

// Organization returns the tenant that the token belongs to.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	var body struct {
		Value []Organization `json:"value"`
	}
	r := request{
		method: http.MethodGet, route: routeOrganization,
		url: c.address(routeOrganization, selectOption([]string{"displayName", "countryLetterCode"})),
	}
	err := c.do(ctx, r, func(a answer) error {
		if err := json.Unmarshal(a.body, &body); err != nil {
			return err
		}
		if len(body.Value) != 1 || body.Value[0].ID == "" {
			return errors.New("not exactly one organization")
		}
		return nil
	})
	if err != nil {
		return Organization{}, err
	}
	return body.Value[0], nil
}

// Domains returns all domains of the tenant, verified or not, in Graph's order.
func (c *Client) Domains(ctx context.Context) ([]Domain, error) {
	var all []Domain
	for link := c.address(routeDomains); link != ""; {
		var body struct {
			Value []Domain `json:"value"`
			Next  string   `json:"@odata.nextLink"`
		}
		r := request{method: http.MethodGet, route: routeDomains, url: link}
		err := c.do(ctx, r, func(a answer) error {
			body.Value, body.Next = nil, ""
			if err := json.Unmarshal(a.body, &body); err != nil {
				return err
			}
			if body.Value == nil {
				return errors.New("a page without a value")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, body.Value...)
		if link = body.Next; link != "" {
			if _, err := c.checkLink(link); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}
