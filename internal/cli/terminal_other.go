//go:build !unix

package cli

import "io"

// terminalColumns is how wide the terminal is to which out writes; 0: not known on this system.
func terminalColumns(io.Writer) int { return 0 }
