// Command rollcall keeps an organization's directory in step with a Microsoft Entra ID tenant.
package main

import (
	"os"

	"rollcall/internal/cli"
)

// version is set at build time by -ldflags "-X main.version=…".
var version = "dev"

func main() {
	os.Exit(cli.Main(version, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
