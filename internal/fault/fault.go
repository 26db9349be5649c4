// Package fault classifies errors by what the caller can do about them.
//
// Every package below the faces returns errors of this package when the caller may have to decide something; each face (API,
// command line, retry decision of the engine) maps a Kind once. An error that carries no fault is Internal.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what the caller can do about an error.
type Kind uint8

// The kinds, from "ours" to "wait".
const (
	// Internal is a defect of Rollcall or of its machine; nobody but the operator can act.
	Internal Kind = iota
	// Invalid input or configuration: change it.
	Invalid
	// Unauthenticated credentials are missing, wrong or expired: renew them.
	Unauthenticated
	// Denied: the credentials are good, the right is missing: grant it.
	Denied
	// NotFound: the thing named does not exist.
	NotFound
	// Conflict with something else that exists: a name is taken, an owner is another.
	Conflict
	// Stale: the object changed since it was read; read it again.
	Stale
	// Expired: a cursor or token is no longer accepted; start over.
	Expired
	// Throttled: the other side asks for patience; RetryAfter says how much.
	Throttled
	// Unavailable: the other side or the way to it failed for now; try again.
	Unavailable
)

var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "denied", "not-found", "conflict", "stale", "expired", "throttled", "unavailable",
}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Temporary reports whether the same call may succeed later without anybody doing anything.
func (k Kind) Temporary() bool { return k == Throttled || k == Unavailable }

// Error is an error somebody can act on.
type Error struct {
	Kind Kind
	// Code is a short, stable word for programs, such as "InvalidDomain" or Graph's "Request_ResourceNotFound". May be empty.
	Code string
	// Message is a sentence about what happened, without a final full stop.
	Message string
	// Remedy is a sentence that says what to do about it. May be empty.
	Remedy string
	// RequestID identifies the failed call at the other side. May be empty.
	RequestID string
	// RetryAfter is how long the other side asked to wait; zero if it did not say.
	RetryAfter time.Duration
	// Err is the cause. May be nil.
	Err error
}

// Error returns message, cause, request id and remedy as one line.
func (e *Error) Error() string {
	text := strings.TrimSuffix(e.Message, ".") // what others said may end with one
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.RequestID != "" {
		text += " (request id " + e.RequestID + ")"
	}
	if e.Remedy != "" {
		text += ". " + e.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind with a formatted message.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of a kind with a cause and a message that says what was attempted.
func Wrap(kind Kind, code string, err error, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, Err: err}
}

// WithRemedy returns the error with a sentence that says what to do.
func (e *Error) WithRemedy(format string, args ...any) *Error {
	e.Remedy = fmt.Sprintf(format, args...)
	return e
}

// Of returns the outermost fault in err's chain, or nil.
func Of(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return nil
}

// KindOf returns the kind of the outermost fault in err's chain; Internal for any other error.
func KindOf(err error) Kind {
	if e := Of(err); e != nil {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of the kind.
func Is(err error, kind Kind) bool {
	e := Of(err)
	return e != nil && e.Kind == kind
}

// List is everything that is wrong with something, in its order.
type List[E error] []E

// Error returns all sentences in one line.
func (l List[E]) Error() string {
	texts := make([]string, len(l))
	for i, one := range l {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the single errors.
func (l List[E]) Unwrap() []error {
	list := make([]error, len(l))
	for i, one := range l {
		list[i] = one
	}
	return list
}
