package api_test

import (
	"flag"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
)

//go:generate go test -run TestTheWrittenDescriptionIsThatOfTheServer -update .

var update = flag.Bool("update", false, "write docs/reference/openapi.yaml")

const written = "../../docs/reference/openapi.yaml"

// description is as much of an OpenAPI document as the tests look at.
type description struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string                `json:"operationId"`
		Summary     string                `json:"summary"`
		Tags        []string              `json:"tags"`
		Security    []map[string][]string `json:"security"`
		Parameters  []struct {
			Name, In, Description string
			Required              bool
		} `json:"parameters"`
		Responses map[string]struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				} `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Tags       []struct{ Name string } `json:"tags"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]struct {
				Type        any    `json:"type"`
				Description string `json:"description"`
				Format      string `json:"format"`
				Enum        []any  `json:"enum"`
				Examples    []any  `json:"examples"`
			} `json:"properties"`
		} `json:"schemas"`
		SecuritySchemes map[string]struct{ Type, Scheme string } `json:"securitySchemes"`
	} `json:"components"`
}

func (h *house) description() description {
	h.t.Helper()
	var d description
	h.send(http.MethodGet, h.url+"/openapi.json", "", nil).want(http.StatusOK).into(&d)
	return d
}

func TestTheWrittenDescriptionIsThatOfTheServer(t *testing.T) {
	h := open(t, -1)
	served := h.send(http.MethodGet, h.url+"/openapi.yaml", "", nil).want(http.StatusOK)
	if *update {
		if err := os.WriteFile(written, []byte(served.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(written)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), served.text); diff != "" {
		t.Errorf("docs/reference/openapi.yaml is stale; go generate ./internal/api writes it (-written +served):\n%s", diff)
	}
}

func TestEveryOperationIsDescribedInFull(t *testing.T) {
	d := open(t, -1).description()
	if !strings.HasPrefix(d.OpenAPI, "3.1") || d.Components.SecuritySchemes["bearer"].Scheme != "bearer" {
		t.Errorf("version %q, security %+v", d.OpenAPI, d.Components.SecuritySchemes)
	}
	tags := map[string]bool{}
	for _, tag := range d.Tags {
		tags[tag.Name] = true
	}
	var ids []string
	for path, methods := range d.Paths {
		for method, op := range methods {
			name := method + " " + path
			ids = append(ids, op.OperationID)
			if op.Summary == "" || len(op.Tags) != 1 || !tags[op.Tags[0]] {
				t.Errorf("%s: summary %q, tags %v", name, op.Summary, op.Tags)
			}
			if len(op.Security) != 1 || op.Security[0]["bearer"] == nil {
				t.Errorf("%s says nothing of the token", name)
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: the parameter %s is not described", name, p.Name)
				}
			}
			failures := []int{400, 401, 403, 422, 500, 503}
			if strings.Contains(path, "{") {
				failures = append(failures, 404)
			}
			for _, status := range failures {
				if ref := op.Responses[strconv.Itoa(status)].Content["application/problem+json"].Schema.Ref; ref != "#/components/schemas/Problem" {
					t.Errorf("%s: the error %d is not described as a problem", name, status)
				}
			}
			good := 0
			for status := range op.Responses {
				if strings.HasPrefix(status, "2") {
					good++
				}
			}
			if good != 1 {
				t.Errorf("%s describes %d good answers", name, good)
			}
		}
	}
	listed := api.ListedOperations()
	slices.Sort(ids)
	slices.Sort(listed)
	if diff := cmp.Diff(listed, ids); diff != "" {
		t.Errorf("operations (-in the table of rights +served):\n%s", diff)
	}
}

func TestEveryPropertyOfOurOwnIsDescribedAndItsExampleFits(t *testing.T) {
	d := open(t, -1).description()
	examples := 0
	for name, schema := range d.Components.Schemas {
		for property, p := range schema.Properties {
			if p.Description == "" && !slices.Contains([]string{"Settings", "Rules", "SelectedGroup", "Attribute", "Thresholds", "Share", "Failure", "Quarantine", "Reason"}, name) {
				t.Errorf("%s.%s is not described", name, property)
			}
			for _, example := range p.Examples {
				examples++
				if !fits(example, p.Type) || len(p.Enum) > 0 && !slices.Contains(p.Enum, example) {
					t.Errorf("%s.%s: the example %v does not fit %v %v", name, property, example, p.Type, p.Enum)
				}
			}
		}
	}
	if examples == 0 {
		t.Error("there is no example")
	}
}

func fits(value, kind any) bool {
	switch value.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || kind == "integer"
	default:
		return false
	}
}

func TestEveryDescribedPathIsServedAndNoOther(t *testing.T) {
	h := open(t, -1)
	for path, methods := range h.description().Paths {
		concrete := strings.NewReplacer("{orgId}", "-", "{id}", nobody, "{name}", "nowhere.example").Replace(path)
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE", "PUT"} {
			a := h.send(method, h.url+concrete, "", nil)
			if _, described := methods[strings.ToLower(method)]; described {
				a.problem(http.StatusUnauthorized, "MissingToken")
				continue
			}
			a.problem(http.StatusMethodNotAllowed, "MethodNotAllowed")
			for _, allowed := range a.header.Values("Allow") {
				if _, described := methods[strings.ToLower(allowed)]; !described {
					t.Errorf("%s allows %s, which is not described", path, allowed)
				}
			}
		}
	}
	h.send(http.MethodGet, h.url+"/api/v2/me", "", nil).problem(http.StatusNotFound, "UnknownPath")
	h.send(http.MethodGet, h.url+"/docs", "", nil).problem(http.StatusNotFound, "UnknownPath")
}
