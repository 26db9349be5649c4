package expr

import (
	"slices"
	"strings"
)

var listFunctions = []function{
	{
		name: "Contains", meaning: "the position, counted from 1, of the first value that contains the text; 0 if none does", gives: aNumber, cloudSync: true,
		parameters: append(required(aList, "attribute"), required(aText, "search")...), evaluate: evaluateContains,
		examples: []example{{`Mid(Item([proxyAddresses], Contains([proxyAddresses], "SMTP:")), 6)`, []string{"proxyAddresses=smtp:ada@fabrikam.com", "proxyAddresses=SMTP:ada@contoso.com"}, `"ada@contoso.com"`}},
		choice:   "Upper and lower case differ. Microsoft's page uses the function without describing it; the position is that of the value in the list, for Item.",
	},
	{
		name: "Count", meaning: "the number of values", gives: aNumber,
		parameters: required(aList, "attribute"), evaluate: evaluateCount,
		examples: []example{{`Count([proxyAddresses])`, []string{"proxyAddresses=a@contoso.com", "proxyAddresses=b@contoso.com"}, `2`}},
		choice:   "No value and one empty text count 0.",
	},
	{
		name: "Item", meaning: "one value of a multi-valued attribute, by its position counted from 1", gives: anything,
		parameters: append(required(aList, "attribute"), required(aNumber, "index")...), prepare: prepareItem, evaluate: evaluateItem,
		examples: []example{{`Item([proxyAddresses], 1)`, []string{"proxyAddresses=a@contoso.com", "proxyAddresses=b@contoso.com"}, `"a@contoso.com"`}},
		choice:   "An index of 0 or beyond the last value is an error.",
	},
	{
		name: "RemoveDuplicates", meaning: "the values, each once", gives: aList,
		parameters: required(aList, "attribute"), evaluate: evaluateRemoveDuplicates,
		examples: []example{{`RemoveDuplicates([proxyAddresses])`, []string{"proxyAddresses=a", "proxyAddresses=b", "proxyAddresses=a"}, `["a","b"]`}},
		choice:   "The values keep the order in which they first appear; upper and lower case differ. Of no value and of one empty text the result is null.",
	},
	{
		name: "Split", meaning: "the parts of a text between the delimiters, as several values", gives: aList,
		parameters: required(aText, "source", "delimiter"), prepare: prepareSplit, evaluate: evaluateSplit,
		examples: []example{{`Split([extensionAttribute5], ",")`, []string{"extensionAttribute5=PermissionSetOne, PermissionSetTwo"}, `["PermissionSetOne","PermissionSetTwo"]`}},
		choice:   "White space around each part is removed, as the documented output shows, and empty parts are left out. A delimiter of several characters counts as a whole.",
	},
}

// evaluateContains looks for the value, not for the place in its text.
func evaluateContains(c call) (Value, error) {
	value, err := c.value(0)
	if err != nil {
		return Value{}, err
	}
	if value.kind == Objects {
		return Value{}, c.fail("the attribute holds objects, not texts")
	}
	search, _, err := c.text(1)
	if err != nil {
		return Value{}, err
	}
	at := slices.IndexFunc(value.texts(), func(text string) bool { return strings.Contains(text, search) })
	return numberValue(int64(at + 1)), nil
}

func evaluateCount(c call) (Value, error) {
	value, err := c.value(0)
	if value.Empty() {
		return numberValue(0), err
	}
	return numberValue(int64(len(value.texts()))), err
}

// prepareItem checks a constant index.
func prepareItem(p *preparation) any {
	if index, constant := p.number(1); constant && index < 1 {
		p.fail(1, "is %d; the first value has the index 1", index)
	}
	return nil
}

func evaluateItem(c call) (Value, error) {
	value, err := c.value(0)
	if err != nil {
		return Value{}, err
	}
	index, err := c.integer(1)
	if err != nil {
		return Value{}, err
	}
	list := value.texts()
	if index < 1 || index > int64(len(list)) {
		return Value{}, c.fail("there is no value %d; the attribute has %d, counted from 1", index, len(list))
	}
	if value.kind == Objects {
		return Value{kind: Objects, list: list[index-1 : index]}, nil
	}
	return textValue(list[index-1]), nil
}

func evaluateRemoveDuplicates(c call) (Value, error) {
	value, err := c.value(0)
	if err != nil || value.Empty() {
		return Value{}, err
	}
	list := value.texts()
	seen := map[string]bool{}
	var unique []string
	size := 0
	for _, text := range list {
		if seen[text] {
			continue
		}
		if size += len(text) + 1; size > MaxText {
			return Value{}, c.fail("the result has more than %d bytes", MaxText)
		}
		seen[text] = true
		unique = append(unique, text)
	}
	if value.kind == Objects {
		return Value{kind: Objects, list: unique}, c.charge(64 * len(unique))
	}
	if err := c.charge(64 * len(unique)); err != nil {
		return Value{}, err
	}
	return c.madeList(unique)
}

// prepareSplit checks a constant delimiter.
func prepareSplit(p *preparation) any {
	if delimiter, constant := p.constant(1); constant && delimiter == "" {
		p.fail(1, "is empty; it is what stands between the values, such as \",\"")
	}
	return nil
}

func evaluateSplit(c call) (Value, error) {
	source, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	delimiter, _, err := c.text(1)
	if err != nil {
		return Value{}, err
	}
	if delimiter == "" {
		return Value{}, c.fail("the delimiter is empty")
	}
	var list []string
	for part := range strings.SplitSeq(source, delimiter) {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return c.madeList(list)
}
