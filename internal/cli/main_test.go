package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"rollcall/internal/fault"
)

func TestEveryCommandHasAnExampleAndEveryFlagItsHelp(t *testing.T) {
	parser, err := newParser(&invocation{})
	if err != nil {
		t.Fatal(err)
	}
	leaves := 0
	for _, node := range parser.Model.Leaves(false) {
		leaves++
		if node.Help == "" || !strings.Contains(strings.ReplaceAll(node.Detail, "Examples:", "Example:"), "Example: rollcall ") {
			t.Errorf("%s: help %q, details %q", node.FullPath(), node.Help, node.Detail)
		}
		for _, flag := range node.Flags {
			if flag.Help == "" {
				t.Errorf("%s --%s has no help", node.FullPath(), flag.Name)
			}
		}
		for _, argument := range node.Positional {
			if argument.Help == "" {
				t.Errorf("%s <%s> has no help", node.FullPath(), argument.Name)
			}
		}
	}
	if leaves < 25 {
		t.Errorf("only %d commands were found", leaves)
	}
}

func TestTheExamplesInTheHelpParse(t *testing.T) {
	for _, node := range leavesOf(t) {
		for line := range strings.SplitSeq(node.Detail, "\n") {
			_, example, found := strings.Cut(strings.ReplaceAll(line, "Examples:", "Example:"), "Example: rollcall ")
			if !found {
				continue
			}
			parser, err := newParser(&invocation{env: map[string]string{}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(strings.Fields(example)); err != nil {
				t.Errorf("%s: %v", example, err)
			}
		}
	}
}

func leavesOf(t *testing.T) []*kong.Node {
	t.Helper()
	parser, err := newParser(&invocation{})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Leaves(false)
}

func TestEachKindOfErrorHasItsExitCode(t *testing.T) {
	for kind, code := range map[fault.Kind]int{
		fault.Internal: 1, fault.Expired: 1, fault.Invalid: 2, fault.Unauthenticated: 4, fault.Denied: 4, fault.NotFound: 5,
		fault.Conflict: 6, fault.Stale: 6, fault.Unavailable: 8, fault.Throttled: 8,
	} {
		if got := exitCode(fmt.Errorf("doing: %w", fault.New(kind, "", "x"))); got != code {
			t.Errorf("%s: exit code %d, want %d", kind, got, code)
		}
	}
	if got := exitCode(&outcome{exitHeld, ""}); got != 7 {
		t.Errorf("held: exit code %d", got)
	}
	if got := exitCode(errors.New("anything")); got != 1 {
		t.Errorf("an unknown error: exit code %d", got)
	}
}

func TestAnErrorIsOneSentence(t *testing.T) {
	for text, want := range map[string]string{
		"no such thing":           "no such thing.",
		"what a mess. Clean up.":  "what a mess. Clean up.",
		"two\nlines":              "two; lines.",
		"it says: no.. Say again": "it says: no. Say again.",
		"did you mean x?. See y":  "did you mean x? See y.",
		"":                        "",
	} {
		if got := sentence(errors.New(text)); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestBadUsageNamesTheHelpToRead(t *testing.T) {
	call(t, nil, "sync").want(t, 2, "`rollcall sync --help`")
	call(t, nil, "sync", "Demo", "--full", "--dry-run").want(t, 2, "--full and --dry-run")
	call(t, nil, "nonsense").want(t, 2, "rollcall: unexpected argument nonsense")
	call(t, nil, "user", "list").want(t, 4, "Set ROLLCALL_TOKEN")
	call(t, nil, "user", "list", "--token", "x", "--server", "nowhere").want(t, 2, `--server "nowhere" is not an address`)
	call(t, nil, "user", "list", "--token", "x", "--server", "http://127.0.0.1:1").want(t, 8, "cannot be reached")
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	for _, args := range [][]string{{}, {"help"}, {"--help"}} {
		got := call(t, nil, args...)
		got.want(t, 0, "")
		if !strings.Contains(got.stdout, "Exit codes: 0 done") || !strings.Contains(got.stdout, "held approve") {
			t.Errorf("help with %q:\n%s", args, got.stdout)
		}
	}
	got := call(t, []string{"ROLLCALL_TOKEN=rc_secret"}, "help", "token", "create")
	if !strings.Contains(got.stdout, "$ROLLCALL_TOKEN") || strings.Contains(got.stdout, "rc_secret") {
		t.Errorf("the help must name the variable, not tell its value:\n%s", got.stdout)
	}
}
