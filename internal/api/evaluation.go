package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

// EvaluationRequest asks what an expression gives for a user of the tenant.
type EvaluationRequest struct {
	Expression string `json:"expression" doc:"The expression." example:"ToUpper([surname], )"`
	User       string `json:"user" minLength:"1" maxLength:"1024" doc:"The user's object id or userPrincipalName in the tenant." example:"ada@contoso.com"`
	Target     string `json:"target,omitempty" maxLength:"1024" doc:"The attribute of the directory that the expression is to fill: the answer then tells what would be written to it." example:"title"`
}

// Evaluation is what an expression gives for a user of the tenant.
type Evaluation struct {
	SourceID   string `json:"sourceId" doc:"The user's object id in the tenant."`
	SourceName string `json:"sourceName" doc:"What people call him there."`
	// Value is null unless Action is flow.
	Value any `json:"value" doc:"The value; null for none, and for any action but flow. [Redact] if the expression redacts."`
	// Action is what the expression asks for.
	Action string `json:"action,omitempty" enum:"flow,ignoreAttribute,ignoreObject,escrow" doc:"What the expression asks for; absent if there is an error, or something is missing."`
	Reason string `json:"reason,omitempty" doc:"Why the user is set aside, for escrow."`
	// Error says why there is no result for this user.
	Error *ExpressionError `json:"error,omitempty" doc:"Why there is no result for this user."`
	Drawn bool             `json:"drawn,omitempty" doc:"Something was drawn at random for this answer; with a target it is what a run would draw."`
	// Attributes are those that the result depends on.
	Attributes []AttributeValue `json:"attributes" nullable:"false" doc:"The attributes that were looked at, with their values."`
	// Missing are attributes that the result depends on and of which nothing is known.
	Missing []MissingAttribute `json:"missing" nullable:"false" doc:"Attributes that were looked at and of which nothing is known; there is no result without them."`
	// Written is what a run would write to the target.
	Written *Written `json:"written,omitempty" doc:"What a run would write to the target; absent without one, and where there is no result."`
}

// AttributeValue is an attribute of a user of the tenant.
type AttributeValue struct {
	Name  string `json:"name" doc:"Its name, as in the expression."`
	Value any    `json:"value" doc:"Its value; null for none."`
}

// MissingAttribute is an attribute of which nothing is known.
type MissingAttribute struct {
	Name   string `json:"name" doc:"Its name, as in the expression."`
	Reason string `json:"reason" doc:"Why nothing is known, and how it would be."`
}

// Written is what a mapping would write.
type Written struct {
	Target   string   `json:"target" doc:"The path of the attribute, in its canonical form."`
	Value    any      `json:"value" doc:"The value; null for none, which leaves the attribute as it is unless it is cleared when empty."`
	Problems []string `json:"problems" nullable:"false" doc:"Why the value cannot be written, or should be another one."`
}

// evaluation evaluates one expression for one user, and remembers what was looked at.
type evaluation struct {
	expression *expr.Expression
	instance   engine.Instance
	user       engine.TenantUser
	out        Evaluation
}

func (s *server) evaluateExpression(ctx context.Context, in *struct {
	InInstance
	Body EvaluationRequest
},
) (*body[Evaluation], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	expression, err := expr.Parse(in.Body.Expression, knownAttribute)
	if err != nil {
		return nil, err
	}
	user, err := s.Engine.TenantUser(ctx, instance, strings.TrimSpace(in.Body.User))
	if err != nil {
		return nil, err
	}
	e := evaluation{expression: expression, instance: instance, user: user, out: Evaluation{
		SourceID: user.ID, SourceName: user.Record.Text("displayName"), Drawn: expression.Uses().Random,
		Attributes: []AttributeValue{}, Missing: []MissingAttribute{},
	}}
	if err := s.evaluate(ctx, &e); err != nil {
		return nil, err
	}
	if in.Body.Target != "" {
		if err := s.fill(ctx, &e, in.Body); err != nil {
			return nil, err
		}
	}
	e.conceal()
	return reply(e.out), nil
}

// evaluate finds the value.
func (s *server) evaluate(ctx context.Context, e *evaluation) error {
	result, err := e.expression.Evaluate(&expr.Input{
		Attribute: e.attribute, Now: s.Now(), Random: rand.Reader,
		Taken: func(value string) (bool, error) { return s.taken(ctx, e, value) },
	})
	var failed *expr.EvaluationError
	switch {
	case len(e.out.Missing) > 0:
		return nil
	case errors.As(err, &failed):
		e.out.Error = &ExpressionError{Line: failed.Line, Column: failed.Column, Message: failed.Message}
		return nil
	case err != nil:
		return err
	}
	e.out.Value, e.out.Action, e.out.Reason = result.Value.Any(), result.Action.String(), result.Reason
	return nil
}

// attribute reads an attribute of the user, and notes it.
func (e *evaluation) attribute(name string) any {
	known := func(v AttributeValue) bool { return v.Name == name }
	if i := slices.IndexFunc(e.out.Attributes, known); i >= 0 {
		return e.out.Attributes[i].Value
	}
	attribute, err := source.Find(name)
	switch {
	case err != nil || slices.ContainsFunc(e.out.Missing, func(m MissingAttribute) bool { return m.Name == name }):
		return nil
	case attribute.Missing() == nil && !mirrored(attribute, e.user.Properties):
		e.out.Missing = append(e.out.Missing, MissingAttribute{name, fmt.Sprintf("nothing is known yet of %s: the tenant is read in full for it when settings are saved that need it", attribute.Property)})
		return nil
	}
	value := attribute.Read(e.user.User)
	e.out.Attributes = append(e.out.Attributes, AttributeValue{name, value})
	return value
}

// taken reports whether another user of the directory has the name.
func (s *server) taken(ctx context.Context, e *evaluation, name string) (bool, error) {
	holders, err := s.Directory.FindUsers(ctx, e.instance.OrgID, attr.UserName, []string{attr.NameKey(name)})
	return slices.ContainsFunc(holders, func(holder directory.User) bool {
		return holder.Owner != e.instance.ID || holder.SourceID != e.user.ID
	}), err
}

// fill says what a run would write to the target if the expression were its mapping.
func (s *server) fill(ctx context.Context, e *evaluation, asked EvaluationRequest) error {
	settings, err := s.Engine.Store.Settings(ctx, e.instance.ID, e.instance.ConfigVersion)
	if err != nil {
		return err
	}
	attributes := slices.Clone(settings.Attributes)
	i := slices.IndexFunc(attributes, func(a mapping.Attribute) bool { return strings.EqualFold(a.Target, asked.Target) })
	if i < 0 {
		i = len(attributes)
		attributes = append(attributes, mapping.Attribute{Target: asked.Target})
	}
	attributes[i].Kind, attributes[i].Expression = mapping.Expression, asked.Expression
	set, err := mapping.Compile(attributes)
	if err != nil {
		return badTarget(err, i)
	}
	result := set.Map(e.user.User, mapping.Circumstances{Now: s.Now(), Instance: e.instance.ID})
	e.take(result, asked.Target)
	return nil
}

// badTarget says why an expression cannot fill a target.
func badTarget(err error, index int) error {
	if wrong, ok := errors.AsType[mapping.Errors](err); ok {
		for _, one := range wrong {
			if one.Index == index {
				return fault.New(fault.Invalid, "BadTarget", "%v", one)
			}
		}
	}
	return err
}

// take tells what the mapping of the target gave.
func (e *evaluation) take(result mapping.Result, target string) {
	if e.out.Action == "" {
		return
	}
	written := Written{Target: target, Problems: []string{}}
	if path, err := attr.ParsePath(target); err == nil { // it was compiled
		written.Target = path.String()
	}
	for _, field := range slices.Concat(result.OnCreate, result.Wanted) {
		if strings.EqualFold(field.Name, written.Target) {
			written.Target, written.Value = field.Name, field.Value
		}
	}
	for _, problem := range slices.Concat(result.Problems, result.Warnings) {
		if strings.EqualFold(problem.Target, written.Target) {
			written.Problems = append(written.Problems, problem.Text)
		}
	}
	switch {
	case e.expression.Uses().Unique:
		written.Value = e.out.Value // offered are all that it has; this is the first that is free
	case e.expression.Uses().Random && written.Value != nil:
		e.out.Value = written.Value // drawn as a run draws it
	}
	e.out.Written = &written
}

// conceal hides values that nobody is to be shown.
func (e *evaluation) conceal() {
	if !e.expression.Uses().Redact {
		return
	}
	for i := range e.out.Attributes {
		e.out.Attributes[i].Value = hidden(e.out.Attributes[i].Value)
	}
	e.out.Value = hidden(e.out.Value)
	if e.out.Reason != "" { // reasons and messages may quote what the user has
		e.out.Reason = expr.Redacted
	}
	if e.out.Error != nil {
		e.out.Error.Message = "there is no result; why is not shown (" + expr.Redacted + ")"
	}
	if e.out.Written != nil {
		e.out.Written.Value, e.out.Written.Problems = hidden(e.out.Written.Value), []string{}
	}
}

func hidden(value any) any {
	if value == nil {
		return nil
	}
	return expr.Redacted
}
