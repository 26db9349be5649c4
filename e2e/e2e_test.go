package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"rollcall/internal/cli"
)

// TestMain makes `rollcall` a program of its own: the test binary, run again in another process, with the code of cmd/rollcall.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"rollcall": func() { os.Exit(cli.Main("e2e", os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs every script of testdata; its name is the sentence that the script shows to be true.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		Setup:              setup,
		Cmds:               scriptCommands(),
		RequireUniqueNames: true,
	})
}

// setup gives each script a session of its own, whose processes end with it.
func setup(env *testscript.Env) error {
	s := &session{work: env.WorkDir, processes: map[string]*process{}, http: &http.Client{Timeout: callWait}}
	env.Values[sessionKey{}] = s
	env.Defer(s.stopAll)
	return nil
}

type sessionKey struct{}

// command is one of our own script commands. What it returns is its standard output, also when it fails.
type command struct {
	run func(s *session, args []string) (string, error)
	// refusable commands may be preceded by "!": they must fail then.
	refusable bool
}

// errUsage is a mistake of the script, which no "!" excuses.
var errUsage = errors.New("wrong use in the script")

func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	adapted := map[string]func(*testscript.TestScript, bool, []string){}
	for name, c := range commands() {
		adapted[name] = func(ts *testscript.TestScript, negated bool, args []string) { c.call(ts, name, negated, args) }
	}
	return adapted
}

func (c command) call(ts *testscript.TestScript, name string, negated bool, args []string) {
	s, ok := ts.Value(sessionKey{}).(*session)
	if !ok {
		ts.Fatalf("%s: the script has no session", name)
	}
	s.script = ts
	out, err := c.run(s, args)
	if _, printed := fmt.Fprint(ts.Stdout(), out); printed != nil {
		ts.Fatalf("%s: %v", name, printed)
	}
	switch {
	case errors.Is(err, errUsage), negated && !c.refusable:
		ts.Fatalf("%s: %v (see e2e/doc.go)", name, err)
	case err != nil && !negated:
		ts.Fatalf("%s: %v", name, err)
	case err == nil && negated:
		ts.Fatalf("%s succeeded, and should have been refused", name)
	}
}
