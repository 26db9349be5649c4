//go:build node

package e2e_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestASyncThroughFaultsOfSCIMMY writes to the npm packages scimmy and scimmy-routers, which take bulks. `make test` installs them.
func TestASyncThroughFaultsOfSCIMMY(t *testing.T) {
	t.Parallel()
	syncThroughFaults(t, startSCIMMY(t), 300)
}

// startSCIMMY starts the service of the folder scimmy and returns its address.
func startSCIMMY(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs("scimmy")
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(context.WithoutCancel(t.Context()), "node", "service.mjs")
	node.Dir, node.Stderr = folder, os.Stderr
	input, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the service does not start (is it installed? make e2e/scimmy/node_modules/.installed): %v", err)
	}
	t.Cleanup(func() {
		if err := input.Close(); err != nil {
			t.Error(err)
		}
		if err := node.Wait(); err != nil {
			t.Error(err)
		}
	})
	return strings.TrimSpace(address)
}
