package expr

import "encoding/json"

const rolesUsed = "Mappings cannot use it: the app role assignments of users are not read from the tenant, so that a mapping with [appRoleAssignments] is refused when it is saved. It works on records that carry them, as with `rollcall expr eval`. [appRoleAssignments] is a list of objects with value, displayName and id, or of the roles' names; a role is known by its value, or by its displayName if it has none. A user without assignments is an error."

var roleExample = []string{`appRoleAssignments:=[{"id":"06b07648-ecfe-589f-9d2f-6325724a46ee","value":"Admin","displayName":"Administrator"}]`}

const roleExampleGives = `[{"display":"Administrator","primary":false,"type":"WindowsAzureActiveDirectoryRole","value":"Admin"}]`

var roleFunctions = []function{
	{
		name: "AppRoleAssignments", meaning: "the values of all app roles that are assigned to the user", gives: aList,
		parameters: required(assignments, "appRoleAssignments"), evaluate: evaluateRoles,
		examples: []example{{`AppRoleAssignments([appRoleAssignments])`, roleExample, `["Admin"]`}},
		choice:   "The function is in Graph's list and on vendors' pages, without a description. " + rolesUsed,
	},
	{
		name: "AppRoleAssignmentsComplex", meaning: "all app roles that are assigned to the user, as complex values for the SCIM attribute roles; roles are only added", gives: assignments,
		parameters: required(assignments, "appRoleAssignments"), evaluate: evaluateComplexRoles,
		examples: []example{{`AppRoleAssignmentsComplex([appRoleAssignments])`, roleExample, roleExampleGives}},
		choice:   "It gives what AssertiveAppRoleAssignmentsComplex gives; the two differ in how a target applies it: Entra adds here and replaces there. " + rolesUsed,
	},
	{
		name: "AssertiveAppRoleAssignmentsComplex", meaning: "all app roles that are assigned to the user, as complex values for the SCIM attribute roles; roles that are not assigned any more are removed", gives: assignments,
		parameters: required(assignments, "appRoleAssignments"), evaluate: evaluateComplexRoles,
		examples: []example{{`AssertiveAppRoleAssignmentsComplex([appRoleAssignments])`, roleExample, roleExampleGives}},
		choice:   "It gives what AppRoleAssignmentsComplex gives; the two differ in how a target applies it: Entra replaces here and adds there. " + rolesUsed,
	},
	{
		name: "SingleAppRoleAssignment", meaning: "the value of the app role that is assigned to the user", gives: aText,
		parameters: required(assignments, "appRoleAssignments"), evaluate: evaluateSingleRole,
		examples: []example{{`SingleAppRoleAssignment([appRoleAssignments])`, roleExample, `"Admin"`}},
		choice:   "Of several assignments the first of the list is taken; Entra does not say which. " + rolesUsed,
	},
}

// role is an app role that is assigned to a user.
type role struct {
	ID          string `json:"id"`
	Value       string `json:"value"`
	DisplayName string `json:"displayName"`
}

// name of the role in tokens and in SCIM.
func (r role) name() string {
	if r.Value != "" {
		return r.Value
	}
	return r.DisplayName
}

// roles reads the assignments; there is at least one.
func (c call) roles() ([]role, error) {
	value, err := c.value(0)
	if err != nil {
		return nil, err
	}
	roles := make([]role, 0, len(value.texts()))
	for _, text := range value.texts() {
		one := role{Value: text}
		if value.kind == Objects {
			one = role{}
			if json.Unmarshal([]byte(text), &one) != nil {
				return nil, c.fail("an assignment is not an object with value and displayName as texts: %s", short(text))
			}
		}
		if one.name() != "" {
			roles = append(roles, one)
		}
	}
	if len(roles) == 0 {
		return nil, c.fail("the record carries no app role assignments")
	}
	return roles, nil
}

func evaluateRoles(c call) (Value, error) {
	roles, err := c.roles()
	if err != nil {
		return Value{}, err
	}
	names := make([]string, len(roles))
	for i, one := range roles {
		names[i] = one.name()
	}
	return c.madeList(names)
}

func evaluateSingleRole(c call) (Value, error) {
	roles, err := c.roles()
	if err != nil {
		return Value{}, err
	}
	return c.made(roles[0].name())
}

// complexRole is how Entra sends a role in SCIM.
type complexRole struct {
	Display string `json:"display"`
	Primary bool   `json:"primary"`
	Type    string `json:"type"`
	Value   string `json:"value"`
}

func evaluateComplexRoles(c call) (Value, error) {
	roles, err := c.roles()
	if err != nil {
		return Value{}, err
	}
	result := Value{kind: Objects}
	for _, one := range roles {
		display := one.DisplayName
		if display == "" {
			display = one.name()
		}
		text, err := json.Marshal(complexRole{Display: display, Type: "WindowsAzureActiveDirectoryRole", Value: one.name()})
		if err != nil {
			return Value{}, c.fail("%s", err)
		}
		result.list = append(result.list, string(text))
	}
	if size := result.size(); size > MaxText {
		return Value{}, c.fail("the result has %d bytes; at most %d are allowed", size, MaxText)
	}
	return result, nil
}
