package entraschema

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/scope"
)

// sourceDirectory is how schemas call the tenant; newer ones say "Microsoft Entra ID".
const sourceDirectory = "Azure Active Directory"

// Names are the parts of a schema that an instance does not know by itself.
type Names struct {
	// Application is the name of the target directory; "Rollcall" if it is empty.
	Application string
	// RuleID identifies the rule. Entra takes a schema back only with the id that the rule has in the schema of the job or its template.
	// Without it one is made of the name.
	RuleID string
	// Version of the schema. Entra makes a new one at every change. Without it one is made of the content: the same configuration has
	// the same version.
	Version string
}

// Export writes a configuration as the synchronizationSchema that Graph would return for it, indented: directories with the definitions of
// the attributes in use, and one rule with the mapping of users to users. Import of it gives the configuration again, with
// mapping.Always where a mapping did not say when it applies, and without texts that its kind does not use.
//
// The error is a fault of kind Invalid: that of mapping.Compile or of scope's Compile.
func Export(c Configuration, names Names) ([]byte, error) {
	if _, err := mapping.Compile(c.Attributes); err != nil {
		return nil, err
	}
	if _, err := (scope.Rules{Filters: c.Filters}).Compile(); err != nil {
		return nil, err
	}
	document, err := write(c, names, true)
	if err != nil {
		return nil, err
	}
	if _, err := parse(document); err != nil {
		// Deep expressions have trees many times their length. The text says it all.
		return write(c, names, false)
	}
	return document, nil
}

// write makes the document; trees says whether functions have parameters.
func write(c Configuration, names Names, trees bool) ([]byte, error) {
	names.Application = cmp.Or(names.Application, "Rollcall")
	users := objectMapping{
		Name: "Provision Microsoft Entra ID Users", Enabled: true, FlowTypes: "Add, Update, Delete",
		SourceObjectName: "User", TargetObjectName: "User", Scope: exportFilters(c.Filters), Metadata: []keyValue{},
		AttributeMappings: make([]attributeMapping, len(c.Attributes)),
	}
	for i, a := range c.Attributes {
		exported, err := exportAttribute(a, trees)
		if err != nil {
			return nil, err
		}
		users.AttributeMappings[i] = exported
	}
	directories, err := exportDirectories(c, names.Application)
	if err != nil {
		return nil, err
	}
	schema := synchronizationSchema{
		Directories: directories,
		SynchronizationRules: []synchronizationRule{{
			ID: cmp.Or(names.RuleID, identifier([]byte("rule "+names.Application))), Name: "USER_OUTBOUND_USER", Priority: 1, Editable: true,
			SourceDirectoryName: sourceDirectory, TargetDirectoryName: names.Application,
			Metadata: []keyValue{}, ObjectMappings: []objectMapping{users},
		}},
	}
	content, err := encode(schema)
	if err != nil {
		return nil, err
	}
	schema.Version = cmp.Or(names.Version, identifier(content))
	return encode(schema)
}

func encode(schema synchronizationSchema) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fault.Wrap(fault.Internal, "", err, "the schema cannot be written")
	}
	return out.Bytes(), nil
}

// identifier makes a GUID that is the same for the same content.
func identifier(content []byte) string {
	sum := sha256.Sum256(content)
	digits := hex.EncodeToString(sum[:16])
	return fmt.Sprintf("%s-%s-%s-%s-%s", digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
}

func exportAttribute(a mapping.Attribute, trees bool) (attributeMapping, error) {
	m := attributeMapping{
		TargetAttributeName: a.Target, FlowType: "Always", FlowBehavior: "FlowWhenChanged", MatchingPriority: a.Matching,
		DefaultValue: optional(a.Default), ClearWhenEmpty: a.ClearWhenEmpty,
	}
	if a.Apply == mapping.OnlyOnCreate {
		m.FlowType = "ObjectAddOnly"
	}
	if spell(a.Target) != a.Target {
		m.Target = a.Target
	}
	switch a.Kind {
	case mapping.Direct:
		m.Source = &attributeMappingSource{Expression: "[" + a.Source + "]", Name: a.Source, Type: string(expr.TreeAttribute), Parameters: []sourceParameter{}}
	case mapping.Constant:
		m.Source = &attributeMappingSource{Expression: quoteConstant(a.Constant), Name: a.Constant, Type: string(expr.TreeConstant), Parameters: []sourceParameter{}}
	case mapping.Expression:
		parsed, err := expr.Parse(a.Expression, nil)
		if err != nil {
			return m, err
		}
		exported := exportTree(parsed.Tree(), trees)
		if !isExpression(parsed.Tree()) {
			m.Kind = string(mapping.Expression)
		}
		exported.Expression = a.Expression // as it was written
		m.Source = &exported
	case mapping.None:
	}
	return m, nil
}

// isExpression reports whether a source is an expression: nothing that Graph would call an attribute or a constant. A bare word, such as
// IgnoreAttributeFlow, is one.
func isExpression(tree expr.Tree) bool {
	return tree.Type == expr.TreeFunction || tree.Type == expr.TreeConstant && !strings.HasPrefix(tree.Expression, `"`)
}

func exportTree(tree expr.Tree, trees bool) attributeMappingSource {
	exported := attributeMappingSource{Expression: tree.Expression, Name: tree.Name, Type: string(tree.Type), Parameters: []sourceParameter{}}
	if trees {
		for _, p := range tree.Parameters {
			exported.Parameters = append(exported.Parameters, sourceParameter{Key: graphKey(tree.Name, p.Key), Value: exportTree(p.Value, true)})
		}
	}
	return exported
}

// graphKey returns the key that Graph has for a parameter.
func graphKey(function, parameter string) string {
	for _, key := range []string{"Find", "Replacement"} {
		if function == "Replace" && strings.EqualFold(legacyKeys[strings.ToLower(key)], parameter) {
			return key
		}
	}
	return parameter
}

// exportFilters returns the scope of the object mapping; nil, as Graph has it, if there are no filters.
func exportFilters(filters []scope.Filter) *filter {
	if len(filters) == 0 {
		return nil
	}
	exported := &filter{Groups: make([]filterGroup, len(filters)), InputFilterGroups: []filterGroup{}, CategoryFilterGroups: []filterGroup{}}
	for i, f := range filters {
		group := filterGroup{Name: optional(f.Name), Clauses: make([]filterClause, len(f.Clauses))}
		for j, c := range f.Clauses {
			group.Clauses[j] = filterClause{OperatorName: string(c.Operator), SourceOperandName: c.Attribute, TargetOperand: filterOperand{Values: []string{}}}
			if c.Value != "" {
				group.Clauses[j].TargetOperand.Values = []string{c.Value}
			}
		}
		exported.Groups[i] = group
	}
	return exported
}

// optional returns nil for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
