package expr

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

// evaluateCoalesce returns the first argument that is not null; an empty text is not null.
func evaluateCoalesce(c call) (Value, error) {
	for i := range c.count() {
		value, err := c.value(i)
		if err != nil || value.kind != Null {
			return value, err
		}
	}
	return Value{}, nil
}
