package dotnet

import "fmt"

// PatternError says why a .NET regular expression cannot be used.
type PatternError struct {
	// Offset is the byte of the pattern at which the part begins that is wrong.
	Offset int
	// Message is a sentence without a final full stop; it names the way out where there is one.
	Message string
}

// Error returns the message and the place, counted from 1.
func (e *PatternError) Error() string {
	return fmt.Sprintf("%s (at byte %d of the pattern)", e.Message, e.Offset+1)
}

func patternErrorf(offset int, format string, args ...any) error {
	return &PatternError{Offset: offset, Message: fmt.Sprintf(format, args...)}
}
