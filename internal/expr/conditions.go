package expr

var conditionFunctions = []function{
	{
		name: "Coalesce", meaning: "the first argument that has a value", gives: anything,
		parameters: required(anything, "source"), repeat: 1, evaluate: evaluateCoalesce,
		examples: []example{{`Coalesce([mail], [userPrincipalName], "none")`, []string{"userPrincipalName=john@contoso.com"}, `"john@contoso.com"`}},
		choice:   "An empty text counts as no value, as a sample of the SuccessFactors page needs; the reference says null only. If nothing has a value and one argument is an empty text, such as a default of \"\", the result is the empty text, else null.",
	},
	{
		name: "IgnoreFlowIfNullOrEmpty", meaning: "the expression's value; if there is none, the attribute is left as it is", gives: anything,
		parameters: required(anything, "expression"), evaluate: evaluateIgnoreFlow,
		examples: []example{
			{`IgnoreFlowIfNullOrEmpty([department])`, []string{"department=Sales"}, `"Sales"`},
			{`IgnoreFlowIfNullOrEmpty([department])`, nil, `{"$action":"ignoreAttribute"}`},
		},
		choice: "Inside another function it leaves the whole attribute as it is.",
	},
	{
		name: "IIF", meaning: "one value if the condition is true, else the other", gives: anything,
		parameters: append(required(aBoolean, "condition"), optional(anything, "valueIfTrue", "valueIfFalse")...), places: true, evaluate: evaluateIIF,
		examples: []example{{`IIF([country]="USA",[country],[department])`, []string{"country=USA", "department=Sales"}, `"USA"`}},
		choice:   "Conditions over attributes without value work, although the reference calls them unsupported: IIF([country]=\"\", …), IIF(IsNullOrEmpty([country]), …) and IIF(IsPresent([country]), …) do what they say. Both values have their places, which may be empty: IIF([country]=\"\", , \"x\") gives null for nothing. Only the branch that is taken is evaluated.",
	},
	{
		name: "IsNull", meaning: "True if the attribute has no value", gives: aBoolean,
		parameters: required(anything, "expression"), evaluate: evaluateIsNull,
		examples: []example{{`IsNull([displayName])`, nil, `true`}},
	},
	{
		name: "IsNullOrEmpty", meaning: "True if the attribute has no value or an empty one", gives: aBoolean,
		parameters: required(anything, "expression"), evaluate: evaluateIsNullOrEmpty,
		examples: []example{{`IsNullOrEmpty([displayName])`, []string{"displayName="}, `true`}},
	},
	{
		name: "IsPresent", meaning: "True if the attribute has a value that is not empty", gives: aBoolean,
		parameters: required(anything, "expression"), evaluate: evaluateIsPresent,
		examples: []example{{`IsPresent([displayName])`, []string{"displayName=Ada"}, `true`}},
	},
	{
		name: "Not", meaning: "False if the source is True, else True", gives: aBoolean,
		parameters: required(anything, "source"), evaluate: evaluateNot,
		examples: []example{{`Not([IsSoftDeleted])`, []string{"IsSoftDeleted=False"}, `true`}},
	},
	{
		name: "Switch", meaning: "the value behind the key that equals the source, else the default", gives: anything,
		parameters: []parameter{{name: "source", class: anything}, {name: "defaultValue", optional: true}, {name: "key"}, {name: "value", optional: true}},
		repeat:     2, evaluate: evaluateSwitch,
		examples: []example{{`Switch([state], "Australia/Sydney", "NSW", "Australia/Sydney","QLD", "Australia/Brisbane", "SA", "Australia/Adelaide")`, []string{"state=QLD"}, `"Australia/Brisbane"`}},
		choice:   "Entra's own service can evaluate a Switch to null when its source did not change; here expressions always see the whole user. Keys tell upper and lower case apart; ToLower around the source does away with that if the keys are written in lower case. The key \"\" stands for a source without value. Only the value that is chosen is evaluated. Without match and default the result is null.",
	},
}

// evaluateIgnoreFlow drops the attribute from the flow.
func evaluateIgnoreFlow(c call) (Value, error) {
	value, err := c.value(0)
	if err == nil && value.Empty() {
		return Value{}, ignoreAttribute
	}
	return value, err
}

// evaluateSwitch compares the source with each key, case-sensitively and as texts, and returns the value behind the first that is equal.
// The key "" stands for a source without value. Without match and default the result is null.
func evaluateSwitch(c call) (Value, error) {
	source, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	for i := 2; i < c.count(); i += 2 {
		key, _, err := c.text(i)
		if err != nil {
			return Value{}, err
		}
		if key == source {
			return c.value(i + 1)
		}
	}
	return c.value(1)
}

// evaluateIIF takes the second argument if the first is true, else the third. Unlike Entra's it accepts conditions over attributes
// without value.
func evaluateIIF(c call) (Value, error) {
	condition, err := c.value(0)
	if err != nil {
		return Value{}, err
	}
	if condition.True() {
		return c.value(1)
	}
	return c.value(2)
}

// evaluateNot gives False for True, and True for everything else, null included.
func evaluateNot(c call) (Value, error) {
	source, err := c.value(0)
	return booleanValue(!source.True()), err
}

func evaluateIsNull(c call) (Value, error) {
	value, err := c.value(0)
	return booleanValue(value.kind == Null), err
}

func evaluateIsNullOrEmpty(c call) (Value, error) {
	value, err := c.value(0)
	return booleanValue(value.Empty()), err
}

func evaluateIsPresent(c call) (Value, error) {
	value, err := c.value(0)
	return booleanValue(!value.Empty()), err
}

// evaluateCoalesce returns the first argument that is neither null nor empty; without any, the empty text if one was.
func evaluateCoalesce(c call) (Value, error) {
	var empty Value
	for i := range c.count() {
		value, err := c.value(i)
		if err != nil || !value.Empty() {
			return value, err
		}
		if value.kind != Null {
			empty = value
		}
	}
	return empty, nil
}
