package entraschema

// The types below are those of Graph, with the members that it returns (namespace microsoft.graph, API version 1.0).

type synchronizationSchema struct {
	Version              string                `json:"version"`
	Directories          []directoryDefinition `json:"directories"`
	SynchronizationRules []synchronizationRule `json:"synchronizationRules"`
}

type directoryDefinition struct {
	ID      string             `json:"id"`
	Name    string             `json:"name"`
	Objects []objectDefinition `json:"objects"`
}

type objectDefinition struct {
	Name       string                `json:"name"`
	Metadata   []keyValue            `json:"metadata"`
	Attributes []attributeDefinition `json:"attributes"`
}

type attributeDefinition struct {
	Name              string             `json:"name"`
	Type              string             `json:"type"`
	Anchor            bool               `json:"anchor"`
	CaseExact         bool               `json:"caseExact"`
	DefaultValue      *string            `json:"defaultValue"`
	FlowNullValues    bool               `json:"flowNullValues"`
	Multivalued       bool               `json:"multivalued"`
	Mutability        string             `json:"mutability"`
	Required          bool               `json:"required"`
	Metadata          []keyValue         `json:"metadata"`
	APIExpressions    []string           `json:"apiExpressions"`
	ReferencedObjects []referencedObject `json:"referencedObjects"`
}

type referencedObject struct {
	ReferencedObjectName string `json:"referencedObjectName"`
	ReferencedProperty   string `json:"referencedProperty"`
}

type keyValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type synchronizationRule struct {
	ID                  string          `json:"id"`
	Name                string          `json:"name"`
	Priority            int             `json:"priority"`
	Editable            bool            `json:"editable"`
	SourceDirectoryName string          `json:"sourceDirectoryName"`
	TargetDirectoryName string          `json:"targetDirectoryName"`
	ContainerFilter     *struct{}       `json:"containerFilter"`
	GroupFilter         *struct{}       `json:"groupFilter"`
	Metadata            []keyValue      `json:"metadata"`
	ObjectMappings      []objectMapping `json:"objectMappings"`
}

type objectMapping struct {
	Name              string             `json:"name"`
	Enabled           bool               `json:"enabled"`
	FlowTypes         string             `json:"flowTypes"`
	SourceObjectName  string             `json:"sourceObjectName"`
	TargetObjectName  string             `json:"targetObjectName"`
	Scope             *filter            `json:"scope"`
	Metadata          []keyValue         `json:"metadata"`
	AttributeMappings []attributeMapping `json:"attributeMappings"`
}

type filter struct {
	Groups               []filterGroup `json:"groups"`
	InputFilterGroups    []filterGroup `json:"inputFilterGroups"`
	CategoryFilterGroups []filterGroup `json:"categoryFilterGroups"`
}

type filterGroup struct {
	Name    *string        `json:"name"`
	Clauses []filterClause `json:"clauses"`
}

type filterClause struct {
	OperatorName      string        `json:"operatorName"`
	SourceOperandName string        `json:"sourceOperandName"`
	TargetOperand     filterOperand `json:"targetOperand"`
}

type filterOperand struct {
	Values []string `json:"values"`
}

type attributeMapping struct {
	TargetAttributeName     string                  `json:"targetAttributeName"`
	FlowType                string                  `json:"flowType"`
	FlowBehavior            string                  `json:"flowBehavior"`
	MatchingPriority        int                     `json:"matchingPriority"`
	DefaultValue            *string                 `json:"defaultValue"`
	ExportMissingReferences bool                    `json:"exportMissingReferences"`
	Source                  *attributeMappingSource `json:"source"`
	// Annotations of ours, see the constants.
	ClearWhenEmpty bool   `json:"@rollcall.clearWhenEmpty,omitempty"`
	Kind           string `json:"@rollcall.kind,omitempty"`
	Target         string `json:"@rollcall.target,omitempty"`
}

type attributeMappingSource struct {
	Expression string            `json:"expression"`
	Name       string            `json:"name"`
	Type       string            `json:"type"`
	Parameters []sourceParameter `json:"parameters"`
}

type sourceParameter struct {
	Key   string                 `json:"key"`
	Value attributeMappingSource `json:"value"`
}
