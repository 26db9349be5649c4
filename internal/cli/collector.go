package cli

import (
	"runtime"
	"runtime/debug"
)

// collectorPercent is how much garbage, in percent of what is in use, may heap up before it is collected. What a server has in use is a few
// MiB however large the tenant is (nothing loads a whole directory); Go's default of 100 would collect after every few MiB that pass
// through. Measured on a first sync of 50,000 users with 400: a fifth less CPU time for 25 MiB.
const collectorPercent = 300

// tuneCollector sets the garbage collector of a process that serves, unless its environment does (GOGC). It is for a server that has been opened: what
// opening leaves behind, such as the description of the API, is several times what a server has in use, and what is collected while that is still
// there says for long how much may heap up. Pools let go of what they hold at the second collection.
func tuneCollector(in *invocation) {
	if in.getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
	runtime.GC()
	debug.FreeOSMemory()
}
