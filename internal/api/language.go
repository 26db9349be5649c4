package api

import (
	"context"
	"net/http"
	"slices"

	"rollcall/internal/expr"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

// Function describes a function of the mapping language.
type Function struct {
	Name       string              `json:"name" doc:"Its name; upper and lower case are told apart." example:"Switch"`
	Family     string              `json:"family" doc:"The group to which it belongs, such as Text or Dates."`
	Signature  string              `json:"signature" doc:"How to write it." example:"Switch(source, defaultValue?, key, value?, …)"`
	Meaning    string              `json:"meaning" doc:"What it does, in one line."`
	Parameters []FunctionParameter `json:"parameters" nullable:"false" doc:"Its parameters, in their order."`
	Gives      string              `json:"gives" doc:"What it gives: text, number, date, condition, multi-valued attribute, or anything."`
	Dialect    string              `json:"dialect" enum:"app provisioning,cloud sync" doc:"Where Microsoft documents it; cloud sync, if there only."`
	Choice     string              `json:"choice,omitempty" doc:"What Rollcall does where the documents are silent or contradict each other."`
	Examples   []FunctionExample   `json:"examples" nullable:"false" doc:"The function at work."`
}

// FunctionParameter is a parameter of a Function.
type FunctionParameter struct {
	Name     string `json:"name" doc:"Its name."`
	Class    string `json:"class" doc:"What it takes: text, number, date, condition, multi-valued attribute, or anything."`
	Required bool   `json:"required" doc:"It cannot be left out."`
	Place    bool   `json:"place" doc:"It may be empty, but its comma is written. What is neither this nor required may be left out at the end."`
	Repeats  bool   `json:"repeats" doc:"It may be given again and again, together with the others that repeat."`
}

// FunctionExample shows a Function at work.
type FunctionExample struct {
	Expression string   `json:"expression" doc:"The expression."`
	Attributes []string `json:"attributes,omitempty" nullable:"false" doc:"The user's attributes: name=text, or name:=JSON."`
	Result     string   `json:"result,omitempty" doc:"The result as JSON; absent where it is drawn at random or depends on the time."`
}

// Operator is one of scoping filters.
type Operator struct {
	Name     scope.Operator `json:"name" doc:"As Entra writes it; it is read in any case." example:"EQUALS"`
	Arity    scope.Arity    `json:"arity" enum:"Unary,Binary" doc:"Unary operators take no value, the others one."`
	Negative bool           `json:"negative,omitempty" doc:"Over several values it holds if its opposite holds for none; the others, if they hold for one."`
	Meaning  string         `json:"meaning" doc:"Completes: a clause holds if the attribute …"`
}

// SourceAttribute is an attribute of the tenant's users, which mappings, expressions and filters may name.
type SourceAttribute struct {
	Name        string `json:"name" doc:"Its name, as Entra's mappings or Microsoft Graph have it."`
	Property    string `json:"property,omitempty" doc:"The property of Microsoft Graph from which it is taken; absent where the tenant's users carry none."`
	MultiValued bool   `json:"multiValued,omitempty" doc:"It has several values."`
	Reference   bool   `json:"reference,omitempty" doc:"It is the object id of another user."`
	Mirrored    bool   `json:"mirrored" doc:"It is known of the users; for any other one the tenant is read in full before it can be used."`
}

func (s *server) serveLanguage() {
	serve(s, operation{
		id: "listFunctions", method: http.MethodGet, path: "/expressions/functions", tag: "Expressions", summary: "List the functions of the mapping language",
		detail: "By name.",
	}, func(context.Context, *struct{}) (*body[List[Function]], error) {
		return reply(List[Function]{Items: each(expr.Functions(), functionOf)}), nil
	})
	serve(s, operation{
		id: "listOperators", method: http.MethodGet, path: "/scoping/operators", tag: "Expressions", summary: "List the operators of scoping filters",
		detail: "In the order of Entra's documentation.",
	}, func(context.Context, *struct{}) (*body[List[Operator]], error) {
		return reply(List[Operator]{Items: each(scope.Operators(), func(o scope.OperatorInfo) Operator { return Operator(o) })}), nil
	})
	serve(s, operation{
		id: "listSourceAttributes", method: http.MethodGet, path: inOrg + "/instances/{id}/source-attributes", tag: "Expressions",
		summary: "List the attributes of the tenant's users",
		detail:  "By name: those that always have a name, and the directory extensions that are in use. Others, extension_<application id>_<name>, can be named all the same.",
	}, s.listSourceAttributes)
}

func functionOf(f expr.Function) Function {
	return Function{
		Name: f.Name, Family: f.Family, Signature: f.Signature, Meaning: f.Meaning, Gives: f.Gives, Dialect: f.Dialect, Choice: f.Choice,
		Parameters: each(f.Parameters, func(p expr.Parameter) FunctionParameter { return FunctionParameter(p) }),
		Examples:   each(f.Examples, func(e expr.Example) FunctionExample { return FunctionExample(e) }),
	}
}

func (s *server) listSourceAttributes(ctx context.Context, in *InInstance) (*body[List[SourceAttribute]], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	cursor, err := s.Engine.Store.Cursor(ctx, instance.ConnectionID)
	if err != nil {
		return nil, err
	}
	names := source.Names()
	for _, property := range cursor.Attributes {
		if !slices.Contains(names, property) { // an extension, or a property that expressions name otherwise
			names = append(names, property)
		}
	}
	slices.Sort(names)
	list := List[SourceAttribute]{Items: []SourceAttribute{}}
	for _, name := range names {
		if attribute, err := source.Find(name); err == nil {
			list.Items = append(list.Items, SourceAttribute{
				Name: name, Property: attribute.Property, MultiValued: attribute.MultiValued, Reference: attribute.Reference,
				Mirrored: mirrored(attribute, cursor.Attributes),
			})
		}
	}
	return reply(list), nil
}

// mirrored reports whether an attribute can be read from records that hold the properties.
func mirrored(attribute source.Attribute, properties []string) bool {
	return attribute.Missing() == nil && slices.Contains(properties, attribute.Property)
}
