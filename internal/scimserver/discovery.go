package scimserver

import (
	"net/http"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// The schemas of what tells about the service itself (RFC 7643, sections 5 to 7).
const (
	configSchema   = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	typeSchema     = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaOfSchema = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

type meta struct {
	ResourceType string `json:"resourceType"`
	Location     string `json:"location"`
}

type resourceType struct {
	Schemas          []string          `json:"schemas"`
	ID               string            `json:"id"`
	Name             string            `json:"name"`
	Endpoint         string            `json:"endpoint"`
	Description      string            `json:"description"`
	Schema           string            `json:"schema"`
	SchemaExtensions []schemaExtension `json:"schemaExtensions"`
	Meta             meta              `json:"meta"`
}

type schemaExtension struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

type schema struct {
	Schemas []string `json:"schemas"`
	scim.Schema
	Meta meta `json:"meta"`
}

func (s *server) serveDiscovery() {
	// What a client needs to know before it has a token.
	s.route("GET", "/ServiceProviderConfig", "", s.providerConfig)
	s.route("GET", "/ResourceTypes", directory.ReadSCIM, func(w http.ResponseWriter, r *http.Request) error {
		return listAll(s, w, r, s.resourceTypes(r))
	})
	s.route("GET", "/ResourceTypes/{name}", directory.ReadSCIM, func(w http.ResponseWriter, r *http.Request) error {
		for _, t := range s.resourceTypes(r) {
			if strings.EqualFold(t.Name, r.PathValue("name")) {
				s.write(w, r, http.StatusOK, t)
				return nil
			}
		}
		return fault.New(fault.NotFound, "UnknownResourceType", "there is no resource type %q", r.PathValue("name"))
	})
	s.route("GET", "/Schemas", directory.ReadSCIM, func(w http.ResponseWriter, r *http.Request) error {
		return listAll(s, w, r, s.schemas(r))
	})
	s.route("GET", "/Schemas/{urn}", directory.ReadSCIM, func(w http.ResponseWriter, r *http.Request) error {
		for _, found := range s.schemas(r) {
			if strings.EqualFold(found.ID, r.PathValue("urn")) {
				s.write(w, r, http.StatusOK, found)
				return nil
			}
		}
		return fault.New(fault.NotFound, "UnknownSchema", "there is no schema %q", r.PathValue("urn"))
	})
}

func (s *server) resourceTypes(r *http.Request) []resourceType {
	base := callerOf(r.Context()).base
	var types []resourceType
	for _, k := range []kind{s.users, s.groups} {
		t := k.resourceType()
		described := resourceType{
			Schemas: []string{typeSchema}, ID: t.Name, Name: t.Name, Endpoint: t.Endpoint, Description: t.Description, Schema: t.Core.ID,
			Meta: meta{ResourceType: "ResourceType", Location: base + "/ResourceTypes/" + t.Name},
		}
		for _, extension := range t.Extensions {
			described.SchemaExtensions = append(described.SchemaExtensions, schemaExtension{Schema: extension.ID})
		}
		types = append(types, described)
	}
	return types
}

func (s *server) schemas(r *http.Request) []schema {
	base := callerOf(r.Context()).base
	var schemas []schema
	for _, k := range []kind{s.users, s.groups} {
		for _, known := range k.resourceType().Schemas() {
			schemas = append(schemas, schema{
				Schemas: []string{schemaOfSchema}, Schema: known, Meta: meta{ResourceType: "Schema", Location: base + "/Schemas/" + known.ID},
			})
		}
	}
	return schemas
}

// listAll answers with a whole list. Filters are refused: a client must not take what it gets for what it asked (RFC 7644, section 4).
func listAll[T any](s *server, w http.ResponseWriter, r *http.Request, items []T) error {
	if r.URL.Query().Has("filter") {
		return fault.New(fault.Denied, "", "this list cannot be filtered")
	}
	s.write(w, r, http.StatusOK, map[string]any{
		"schemas": []string{scim.ListResponse}, "totalResults": len(items), "startIndex": 1, "itemsPerPage": len(items), "Resources": items,
	})
	return nil
}

// providerConfig says what the service can do.
func (s *server) providerConfig(w http.ResponseWriter, r *http.Request) error {
	supported := map[string]any{"supported": true}
	s.write(w, r, http.StatusOK, map[string]any{
		"schemas": []string{configSchema}, "patch": supported, "sort": supported, "etag": supported,
		"bulk":           map[string]any{"supported": true, "maxOperations": maxOperations, "maxPayloadSize": maxBody},
		"filter":         map[string]any{"supported": true, "maxResults": maxCount},
		"changePassword": map[string]any{"supported": false},
		"pagination": map[string]any{
			"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": defaultCount, "maxPageSize": maxCount,
		},
		"authenticationSchemes": []map[string]any{
			{
				"type": "oauthbearertoken", "name": "Bearer token", "primary": true, "specUri": "https://www.rfc-editor.org/info/rfc6750",
				"description": "A token of the organization, in the header Authorization.",
			},
			{
				"type": "oauth2", "name": "OAuth 2.0 client credentials", "specUri": "https://www.rfc-editor.org/info/rfc6749",
				"description": "An access token that /oauth2/token grants to a client.",
			},
		},
		"meta": meta{ResourceType: "ServiceProviderConfig", Location: callerOf(r.Context()).base + "/ServiceProviderConfig"},
	})
	return nil
}
