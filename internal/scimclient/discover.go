package scimclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

const (
	defaultPayload = 1 << 20 // bytes of a bulk, where the service gives no number
	maxMaxResults  = 1000    // a page is kept in memory
)

// Discover asks the service what it can do, and remembers it for the other calls, which do so by themselves if nobody did before. What it
// leaves unsaid or says wrongly is assumed, with a note. Credentials that are refused and a service that does not answer are errors.
func (c *Client) Discover(ctx context.Context) (Service, error) {
	d := discovery{client: c, profile: c.config.Profile}
	for _, step := range []func(context.Context) error{d.capabilities, d.types, d.schemas} {
		if err := step(ctx); err != nil {
			return Service{}, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found := d.service
	c.service = &found
	return d.service, nil
}

// known returns what was discovered.
func (c *Client) known(ctx context.Context) (Service, error) {
	c.mu.Lock()
	if c.service != nil {
		defer c.mu.Unlock()
		return *c.service, nil
	}
	c.mu.Unlock()
	return c.Discover(ctx)
}

// endpoint is the path of a type.
func (s Service) endpoint(t Type) string {
	if known, ok := s.Types[t]; ok {
		return known.Endpoint
	}
	return "/" + string(t) + "s"
}

// discovery is what is known so far.
type discovery struct {
	client  *Client
	profile Profile
	service Service
	urns    map[Type]typeSchemas
}

// typeSchemas names the schemas of a resource type.
type typeSchemas struct {
	core       string
	extensions []string
}

func (d *discovery) note(format string, args ...any) {
	d.service.Notes = append(d.service.Notes, fmt.Sprintf(format, args...))
}

// ask gets one of the service's descriptions of itself; nil, with a note, if it does not give it.
func (d *discovery) ask(ctx context.Context, path string) (map[string]any, error) {
	body, err := d.client.object(ctx, request{method: http.MethodGet, route: path, path: path})
	switch known := fault.Of(err); {
	case err == nil:
		return body, nil
	case known == nil || known.Code == LinkOffHost || known.Code == NoAnswer:
		return nil, err
	case known.Kind == fault.Unauthenticated || known.Kind.Temporary() && known.Code != BrokenAnswer:
		return nil, err
	default:
		d.note("The service does not answer %s as it should (%s); what is usual is assumed.", path, known.Message)
		return nil, nil
	}
}

func (d *discovery) capabilities(ctx context.Context) error {
	body, err := d.ask(ctx, "/ServiceProviderConfig")
	if err != nil {
		return err
	}
	p := d.profile
	d.service.Rename, d.service.MembersTold = !p.NoRename, !p.MembersHidden
	d.service.MaxMembersPerPatch = max(p.MaxMembers, 1)
	d.service.Patch = d.offers(body, "patch", true)
	d.service.ETag = d.offers(body, "etag", false)
	d.bulk(body)
	d.paging(body)
	d.service.Types = map[Type]ResourceType{}
	filters := d.offers(body, "filter", true)
	for _, t := range []Type{User, Group} {
		by := p.FilterBy[t]
		if !filters {
			by = []string{}
		}
		d.service.Types[t] = ResourceType{Type: t, Endpoint: "/" + string(t) + "s", Required: p.Required[t], FilterBy: by}
	}
	return nil
}

// offers reads whether the service supports something.
func (d *discovery) offers(body map[string]any, what string, assumed bool) bool {
	section, _ := scim.Field(body, what).(map[string]any)
	said, ok := boolean(section, "supported")
	if ok {
		return said
	}
	if body != nil {
		d.note("ServiceProviderConfig does not say whether %s is supported; %s is assumed.", what, map[bool]string{true: "yes", false: "no"}[assumed])
	}
	return assumed
}

func (d *discovery) bulk(body map[string]any) {
	if d.profile.NoBulk {
		return
	}
	section, _ := scim.Field(body, "bulk").(map[string]any)
	assumed := d.profile.Bulk
	if said, ok := boolean(section, "supported"); ok && !said || !ok && assumed == nil {
		return
	} else if !ok {
		limits := *assumed
		d.service.Bulk = &limits
		return
	}
	limits := BulkLimits{MaxOperations: integer(section, "maxOperations", 0), MaxPayload: integer(section, "maxPayloadSize", 0), Replace: assumed == nil}
	if assumed != nil {
		limits.MaxOperations = min(limits.MaxOperations, assumed.MaxOperations)
	}
	if limits.MaxOperations <= 0 {
		d.note("The service takes bulks but does not say of how many operations; they are sent one by one.")
		return
	}
	if limits.MaxPayload <= 0 {
		d.note("The service takes bulks but does not say of what size; %d bytes are assumed.", defaultPayload)
		limits.MaxPayload = defaultPayload
	}
	d.service.Bulk = &limits
}

// paging reads RFC 9865, section 4, and what filter says of the number of results.
func (d *discovery) paging(body map[string]any) {
	pagination, _ := scim.Field(body, "pagination").(map[string]any)
	filter, _ := scim.Field(body, "filter").(map[string]any)
	cursor, _ := boolean(pagination, "cursor")
	d.service.Cursor = d.profile.Cursor || cursor
	d.service.MaxResults = d.profile.PageSize
	for _, said := range []int{integer(pagination, "maxPageSize", 0), integer(filter, "maxResults", 0)} {
		if said > 0 {
			d.service.MaxResults = said
			break
		}
	}
	if d.profile.NoSelection || d.profile.Cursor {
		d.service.MaxResults = min(d.service.MaxResults, d.profile.PageSize)
	}
	d.service.MaxResults = min(max(d.service.MaxResults, 1), maxMaxResults)
}

func (d *discovery) types(ctx context.Context) error {
	body, err := d.ask(ctx, "/ResourceTypes")
	if err != nil {
		return err
	}
	d.urns = map[Type]typeSchemas{User: {core: "urn:ietf:params:scim:schemas:core:2.0:User"}, Group: {core: scim.CoreGroup}}
	listed, _ := scim.Field(body, "Resources").([]any)
	told := map[Type]bool{}
	for _, item := range listed {
		object, _ := item.(map[string]any)
		for t, urns := range d.urns {
			if !told[t] && (strings.EqualFold(text(object, "schema"), urns.core) || strings.EqualFold(text(object, "name"), string(t))) {
				told[t] = true
				d.describe(t, object)
				break
			}
		}
	}
	switch {
	case body == nil:
	case !told[User] && !told[Group]:
		d.note("ResourceTypes lists neither users nor groups; both are assumed.")
	default:
		for t := range d.urns {
			if !told[t] {
				d.note("The service has no resource type %s.", t)
				delete(d.service.Types, t)
			}
		}
	}
	return nil
}

// describe reads one resource type.
func (d *discovery) describe(t Type, object map[string]any) {
	known := d.service.Types[t]
	endpoint := strings.TrimPrefix(text(object, "endpoint"), d.client.base.String())
	if strings.HasPrefix(endpoint, "/") && !strings.HasPrefix(endpoint, "//") && !strings.ContainsAny(endpoint, "?#{} ") {
		known.Endpoint = strings.TrimRight(endpoint, "/")
	} else {
		d.note("The resource type %s has no usable endpoint; %s is assumed.", t, known.Endpoint)
	}
	urns := typeSchemas{core: text(object, "schema")}
	if urns.core == "" {
		urns.core = d.urns[t].core
	}
	extensions, _ := scim.Field(object, "schemaExtensions").([]any)
	for _, item := range extensions {
		extension, _ := item.(map[string]any)
		urn := text(extension, "schema")
		if urn == "" {
			continue
		}
		urns.extensions = append(urns.extensions, urn)
		if required, _ := boolean(extension, "required"); required {
			known.RequiredExtensions = append(known.RequiredExtensions, urn)
		}
	}
	d.urns[t], d.service.Types[t] = urns, known
}

func (d *discovery) schemas(ctx context.Context) error {
	body, err := d.ask(ctx, "/Schemas")
	if err != nil {
		return err
	}
	var all []scim.Schema
	listed, _ := scim.Field(body, "Resources").([]any)
	for _, item := range listed {
		var schema scim.Schema
		if raw, err := json.Marshal(item); err != nil || json.Unmarshal(raw, &schema) != nil || schema.ID == "" {
			d.note("Schemas holds an entry that is no schema; it is passed over.")
			continue
		}
		all = append(all, schema)
	}
	for _, t := range []Type{User, Group} {
		known, ok := d.service.Types[t]
		if ok && body != nil {
			d.service.Types[t] = d.described(known, all)
		}
	}
	return nil
}

// described returns the type with its schemas.
func (d *discovery) described(known ResourceType, all []scim.Schema) ResourceType {
	urns := d.urns[known.Type]
	if known.Core, known.Described = schemaOf(urns.core, all); !known.Described {
		d.note("Schemas does not describe %s; its attributes cannot be checked.", known.Type)
		return known
	}
	for _, urn := range urns.extensions {
		schema, ok := schemaOf(urn, all)
		if !ok {
			d.note("Schemas does not describe the extension %s of %s.", urn, known.Type)
			continue
		}
		known.Extensions = append(known.Extensions, schema)
	}
	return known
}

func schemaOf(urn string, all []scim.Schema) (scim.Schema, bool) {
	i := slices.IndexFunc(all, func(s scim.Schema) bool { return strings.EqualFold(s.ID, urn) })
	if i < 0 {
		return scim.Schema{}, false
	}
	return all[i], true
}
