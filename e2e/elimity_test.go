package e2e_test

import (
	"testing"

	"rollcall/internal/scimclient/elimitytest"
)

// TestASyncThroughFaultsOfElimity writes to github.com/elimity-com/scim, which has no bulk and does not look for external ids.
func TestASyncThroughFaultsOfElimity(t *testing.T) {
	t.Parallel()
	syncThroughFaults(t, elimitytest.Open(t, 60, true).URL, 120) // one by one
}
