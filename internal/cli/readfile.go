package cli

import (
	"io"
	"os"

	"rollcall/internal/fault"
)

// maxFile is more than any file needs that these commands read, in bytes.
const maxFile = 8 << 20

// readFile reads a whole file, or standard input for "-". what says what it holds.
func readFile(in *invocation, path, what string) ([]byte, error) {
	from := in.stdin
	if path != "-" {
		opened, err := os.Open(path) //nolint:gosec // the caller's own file
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "File", err, what+" cannot be read").WithRemedy("Name a file, or - for standard input.")
		}
		defer opened.Close() //nolint:errcheck // only read
		from = opened
	}
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "File", err, what+" cannot be read")
	case len(text) > maxFile:
		return nil, fault.New(fault.Invalid, "File", "%s is longer than %d MiB", path, maxFile>>20)
	}
	return text, nil
}
