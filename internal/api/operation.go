package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"rollcall/internal/scope"
)

// Paths below an organization begin with this.
const inOrg = "/organizations/{orgId}"

// InOrganization is the part of a request that says which organization it is about. The operation gets it from orgOf.
type InOrganization struct {
	OrgID string `path:"orgId" maxLength:"64" example:"-" doc:"The organization's id, or - for the token's own organization, or the only one of the server."`
}

// operation describes one operation of the API.
type operation struct {
	id, method, path     string
	tag, summary, detail string
	// status of success; 0 for 200, or 204 without a body.
	status int
	// failures are the statuses of errors beside those that every operation may answer with.
	failures []int
	// streams is the media type of an answer that huma does not write itself.
	streams string
	// document: the body is a JSON object of somebody else's, taken as it is.
	document bool
}

// serve registers an operation.
func serve[I, O any](s *server, o operation, handle func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: o.id, Method: o.method, Path: Prefix + o.path, Tags: []string{o.tag}, Summary: o.summary, Description: o.detail,
		DefaultStatus: o.status, Responses: s.responses(o), Security: []map[string][]string{{"bearer": {}}},
		// receive has read the body already, under its own limits.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
		SkipValidateBody: o.document,
	}
	if o.document {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
	}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
	if o.document {
		op.RequestBody.Content[jsonType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject}} // huma calls it a file
	}
}

// jsonType is the media type of JSON.
const jsonType = "application/json"

// responses documents what goes wrong, and the success of streams, which huma cannot see.
func (s *server) responses(o operation) map[string]*huma.Response {
	failures := append([]int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusInternalServerError, http.StatusServiceUnavailable,
	}, o.failures...)
	if strings.Contains(o.path, "{") {
		failures = append(failures, http.StatusNotFound)
	}
	if o.method != http.MethodGet {
		failures = append(failures, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	schema := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	responses := map[string]*huma.Response{}
	for _, status := range failures {
		responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status), Content: map[string]*huma.MediaType{problemType: {Schema: schema}},
		}
	}
	if o.streams != "" {
		kind := huma.TypeString
		if o.streams == jsonType {
			kind = huma.TypeObject
		}
		responses["200"] = &huma.Response{
			Description: http.StatusText(http.StatusOK),
			Content:     map[string]*huma.MediaType{o.streams: {Schema: &huma.Schema{Type: kind}}},
		}
	}
	return responses
}

// created answers for something new, and says where it is.
type created[T any] struct {
	Location string `header:"Location" doc:"Where the new thing is."`
	Body     T
}

// at makes the address of something in the organization of the request.
func at(ctx context.Context, format string, args ...any) string {
	return Prefix + "/organizations/" + orgOf(ctx).String() + fmt.Sprintf(format, args...)
}

// schemaName names the schema of a type. A group that is selected for the scope is another thing than one of the directory.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[scope.SelectedGroup]() {
		return "SelectedGroup"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// configuration is that of huma. Its own routes are left out: they build the description on first use, without a lock.
func (s *server) configuration() huma.Config {
	config := huma.DefaultConfig("Rollcall", "1")
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{translate}
	config.Info.Description = "Keeps an organization's directory in step with a Microsoft Entra tenant.\n\n" +
		"Every request carries a bearer token; every error is a problem document (RFC 9457); every answer has an X-Request-Id. " +
		"Lists that may be long come in pages: give `next` of one page as `cursor` of the following request."
	config.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "A token made by `rollcall token create` or by createToken."},
	}
	config.Tags = []*huma.Tag{
		{Name: "Organizations", Description: "Organizations and their verified domains."},
		{Name: "Instances", Description: "Configured synchronisations."},
		{Name: "Connections", Description: "Access to tenants: credential, sign-in, consent."},
		{Name: "Expressions", Description: "The mapping language and the scoping filters."},
		{Name: "Runs", Description: "Executions of instances, their changes and reports."},
		{Name: "Failed", Description: "Changes that failed and wait for another try."},
		{Name: "Held", Description: "Removals that are too many to pass without approval."},
		{Name: "Undo", Description: "Taking back what a run did to the directory, and what is pinned for it."},
		{Name: "Users", Description: "The users of the directory, and copies of those who were removed."},
		{Name: "Groups", Description: "The groups of the directory and their members."},
		{Name: "Tokens", Description: "Bearer tokens."},
		{Name: "Audit", Description: "What people and tokens did."},
	}
	return config
}

// serveDescription serves the description of the API, made once.
func (s *server) serveDescription() {
	document := s.huma.OpenAPI()
	asJSON, err := json.Marshal(document)
	if err != nil {
		panic("api: the description cannot be written: " + err.Error()) // the same for every start, so the first test finds it
	}
	asYAML, err := document.YAML()
	if err != nil {
		panic("api: the description cannot be written: " + err.Error())
	}
	for _, form := range []struct {
		pattern, contentType string
		text                 []byte
	}{
		{"GET /openapi.json", "application/openapi+json", asJSON},
		{"GET /openapi.yaml", "application/openapi+yaml", asYAML},
	} {
		s.mux.HandleFunc(form.pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", form.contentType)
			if _, err := bytes.NewReader(form.text).WriteTo(w); err != nil {
				s.Logger.DebugContext(r.Context(), "answer not written", "error", err.Error())
			}
		})
	}
}
