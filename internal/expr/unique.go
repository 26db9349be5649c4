package expr

import "strings"

var uniqueFunctions = []function{
	{
		name: "Error", meaning: "nothing: the user is set aside with the message, and tried again later", gives: anything, cloudSync: true,
		parameters: required(aText, "errorMessage"), evaluate: evaluateError,
		examples: []example{{`IIF(IsPresent([accountName]),[accountName],Error("AccountName is required"))`, []string{"accountName=ada"}, `"ada"`}},
		choice:   "Nothing of the user is written, as when SelectUniqueValue finds no free value.",
	},
	{
		name: "Redact", meaning: "the value; logs show " + Redacted + " in its place", gives: anything, uses: Uses{Redact: true},
		parameters: required(anything, "value"), evaluate: evaluateRedact,
		examples: []example{{`Redact([userPrincipalName])`, []string{"userPrincipalName=ada@contoso.com"}, `"ada@contoso.com"`}},
		choice:   "Redact anywhere in an expression hides the value of the whole expression.",
	},
	{
		name: "SelectUniqueValue", meaning: "the first value that no other object of the target has", gives: aText,
		parameters: required(anything, "uniqueValueRule", "uniqueValueRule"), repeat: 1, outermost: true, uses: Uses{Unique: true},
		evaluate: evaluateSelectUniqueValue,
		examples: []example{{`SelectUniqueValue(Join("@", NormalizeDiacritics(StripSpaces(Join(".", [givenName], [surname]))), "contoso.com"), Join("@", NormalizeDiacritics(StripSpaces(Join(".", Mid([givenName], 1, 1), [surname]))), "contoso.com"))`, []string{"givenName=John", "surname=Smith"}, `"John.Smith@contoso.com"`}},
		choice:   "A rule is evaluated only when all before it gave no value or one that is taken; rules without value are skipped. If no rule gives a free value, the user is set aside and tried again later. Unlike in Entra it works for every target.",
	},
}

// evaluateError puts the object in escrow.
func evaluateError(c call) (Value, error) {
	message, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	if message = strings.TrimSuffix(strings.TrimSpace(message), "."); message == "" {
		message = "the mapping calls Error"
	}
	return Value{}, &signal{action: Escrow, reason: first(message, maxReason)}
}

// maxReason is how many characters of an error message are kept.
const maxReason = 1000

func evaluateRedact(c call) (Value, error) { return c.value(0) }

// evaluateSelectUniqueValue asks for each value in turn whether it is taken.
func evaluateSelectUniqueValue(c call) (Value, error) {
	var taken []string
	for i := range c.count() {
		text, _, err := c.text(i)
		if err != nil {
			return Value{}, err
		}
		if text == "" {
			continue
		}
		if c.in.Taken == nil {
			return textValue(text), nil
		}
		isTaken, err := c.in.Taken(text)
		if err != nil || !isTaken {
			return textValue(text), err
		}
		taken = append(taken, text)
	}
	return Value{}, &signal{action: Escrow, reason: noneFree(taken)}
}

// noneFree says why there is no unique value; it names the first values.
func noneFree(taken []string) string {
	const most = 5
	if len(taken) == 0 {
		return "no rule of SelectUniqueValue gives a value"
	}
	names := make([]string, 0, most+1)
	for i, text := range taken {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, short(text))
	}
	if len(taken) == 1 {
		return "the only value of SelectUniqueValue is taken: " + names[0]
	}
	return "all values of SelectUniqueValue are taken: " + strings.Join(names, ", ")
}
