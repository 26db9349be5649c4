package scope

// Filter is a scoping filter of Microsoft Entra. A user passes it if all its clauses hold; of several filters one is enough. In YAML:
//
//	filters:
//	  - name: Berlin
//	    clauses:
//	      - {attribute: city, operator: EQUALS, value: Berlin}
//	      - {attribute: department, operator: IS NOT NULL}
//	  - clauses:
//	      - {attribute: extensionAttribute3, operator: REGEX MATCH, value: "^(A|B)[0-9]+$"}
//	      - {attribute: country, operator: "!&", value: "DE, AT, CH"} # in YAML these two operators need quotes
//
// In JSON the same names: {"name":"Berlin","clauses":[{"attribute":"city","operator":"EQUALS","value":"Berlin"}]}.
type Filter struct {
	// Name is what people call the filter. One without a name is called by its number, the first being 1.
	Name string `json:"name,omitempty" doc:"What people call the filter; without a name it is called by its number." example:"Berlin"`
	// Clauses all must hold; there is at least one.
	Clauses []Clause `json:"clauses" doc:"All must hold. One at least, 100 at most."`
}

// Clause is one condition of a filter: an attribute of the user compared with a value.
//
// Over an attribute that is null or empty every clause but IS NULL is false, the negative ones as well. Unlike in Entra an attribute may
// have several values (proxyAddresses): a positive operator then holds if it holds for one value, a negative one if its opposite holds
// for none. A boolean is compared as the text True or False, a reference (manager) as the object id, a date as the text that Graph sends,
// 2026-11-23T04:11:38Z.
type Clause struct {
	// Attribute of the tenant's users, by the name that Entra's mappings or Graph use; see source.Find.
	Attribute string `json:"attribute" doc:"Attribute of the tenant's users, by the name that Entra's mappings or Microsoft Graph use." example:"city"`
	// Operator is one of Operators.
	Operator Operator `json:"operator" doc:"EQUALS, NOT EQUALS, IS NULL, IS NOT NULL, IS TRUE, IS FALSE, &, !&, ENDS_WITH, Includes, Greater_Than, Greater_Than_OR_EQUALS, REGEX MATCH or NOT REGEX MATCH, in any case." example:"EQUALS"`
	// Value to compare with, taken as it is, blanks included. Unary operators have none, the others have one.
	Value string `json:"value,omitempty" doc:"What to compare with, taken as it is; none for the operators that begin with IS." example:"Berlin"`
}

// Most filters of one scope, and most clauses of one filter.
const (
	MaxFilters = 100
	MaxClauses = 100
)
