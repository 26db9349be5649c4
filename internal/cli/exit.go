package cli

import (
	"errors"
	"strings"

	"rollcall/internal/fault"
)

// The exit codes. They are promised in docs/reference/cli.md; scripts rely on them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRunFailed   = 3
	exitDenied      = 4
	exitNotFound    = 5
	exitConflict    = 6
	exitHeld        = 7
	exitUnreachable = 8
	exitDiffers     = 9
)

// exitCodes is what --help says of them.
const exitCodes = "Exit codes: 0 done; 1 failed; 2 bad usage or input; 3 the run failed; 4 not authorised; 5 not found; 6 conflict; " +
	"7 something is held for approval (sync --wait); 8 unreachable: the server, or a database that another process uses; " +
	"9 there are differences (instance diff)."

// outcome is the end of a command that did what it was asked for, but has something to tell by its exit code.
type outcome struct {
	code int
	// text is the sentence for standard error; "" if all was said.
	text string
}

// Error returns the sentence.
func (o *outcome) Error() string { return o.text }

// exitCode maps an error to the program's exit code.
func exitCode(err error) int {
	if o := (*outcome)(nil); errors.As(err, &o) {
		return o.code
	}
	switch fault.KindOf(err) {
	case fault.Invalid:
		return exitUsage
	case fault.Unauthenticated, fault.Denied:
		return exitDenied
	case fault.NotFound:
		return exitNotFound
	case fault.Conflict, fault.Stale:
		return exitConflict
	case fault.Unavailable, fault.Throttled:
		return exitUnreachable
	case fault.Internal, fault.Expired:
		return exitFailed
	}
	return exitFailed
}

// sentence is an error as one line with a full stop; what stands on several lines is parted by semicolons.
func sentence(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' })
	for i, line := range lines {
		lines[i] = strings.Join(strings.Fields(line), " ")
	}
	// Causes within an error may be sentences themselves.
	text := strings.NewReplacer(".. ", ". ", "?. ", "? ").Replace(strings.Join(lines, "; "))
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}
