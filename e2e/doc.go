// Package e2e holds the scripts that drive the real binary against the simulated tenant.
//
// Each file of testdata is a script (github.com/rogpeppe/go-internal/testscript); its name is the sentence that it shows to be true.
// `go test ./e2e -run 'TestScripts/name'` runs one, with -v every line of it. `rollcall` in a script is the test binary, run again in a
// process of its own with the code of cmd/rollcall; nothing is replaced by a double.
//
// # Commands
//
// Beside those of testscript (exec, stdout, stderr, grep, cmp, cp, env, exists …):
//
//	demo [-auto] [FLAGS…]            `rollcall demo` on free ports. Returns after the first sync. Without -auto, Auto Sync is off from
//	                                 then on: runs start by `synced` only, so that a script knows what each one does.
//	tenant [FLAGS…]                  `rollcall entrasim` alone; sets TENANT, CLIENT, SECRET, writes secret.txt, and makes the tenant the
//	                                 custom cloud "simulated" of the servers that the script starts
//	server DIR [FLAGS…]              `rollcall serve` on a data folder, until it is ready
//	stop NAME                        SIGTERM to demo, tenant or server; it must end by itself with exit code 0
//	kill9 NAME                       kill -9
//	sim METHOD PATH [JSON|@FILE] [where PATH VALUE…]   the tenant's control API, below /sim/
//	api METHOD PATH [JSON|@FILE] [where PATH VALUE…]   the server's API, below the organization unless PATH begins with a slash
//	browser ACCOUNT ACTION ADDRESS   at a page of the tenant's login service; prints {"address"} where the browser is sent, or {"page"}
//	json PATH VALUE…                 asserts on the JSON that the command before wrote to standard output
//	let NAME PATH                    sets a variable to a value of that JSON
//	user [-deleted] NAME [PATH VALUE…]    asserts on the directory user with the name; -deleted: who had it before the recycle bin
//	nobody [-deleted] NAME           nobody in the directory has the name
//	settings PATH JSON [INSTANCE]    changes one place of an instance's settings: scope, attributes/[target=title]/default
//	exits CODE PROGRAM ARGS…          the program ends with the exit code
//	refused CODE REGEXP ARGS…        `rollcall ARGS…` ends with the exit code and one sentence on standard error that fits, nothing else
//	newer-schema DIR                 gives the database in the folder the schema of a program to come
//	advance DURATION                 moves the tenant's clock, which the demo's server follows
//	moment NAME DURATION             sets a variable to the time that lies so far from that clock's (RFC 3339, UTC)
//	synced [-full|-dry-run] [-failing] [INSTANCE]   asks for a run, waits until it is over and nothing is left to do, prints the run
//	eventually [-for 15s] COMMAND…   repeats one of these commands, or a program, until it succeeds
//
// `!` before api, sim, settings and server means that the request must be refused; a server that does not answer satisfies neither.
// Processes end with the script. What they print is in NAME.out and NAME.log.
//
// The variables SIM, ROLLCALL_SERVER, ROLLCALL_TOKEN, ROLLCALL_ORG, INSTANCE (an id) and, after synced, RUN are set for scripts;
// `rollcall` and api use the same ones.
//
// # Paths and values
//
// A path is made of names and indices between slashes: items/0/reason/code. In a list, [path=value] is the first item of which that is
// true, *[path=value] all of them, and len the length. A value is a text without quotes, or JSON; "absent" where the path leads nowhere;
// ~REGEXP, !TEXT and >NUMBER say that it matches, differs, is more.
package e2e
