package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// program runs a program to its end.
func (s *session) program(args []string) (out, problem string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), runWait)
	defer cancel()
	var stdout, stderr bytes.Buffer
	program := exec.CommandContext(ctx, args[0], args[1:]...)
	program.Dir, program.Env, program.Stdout, program.Stderr = s.work, s.environment(), &stdout, &stderr
	err = program.Run()
	return stdout.String(), stderr.String(), err
}

// exits CODE PROGRAM ARGS…: the program ends with the exit code.
func (s *session) exits(args []string) (string, error) {
	if len(args) < 2 {
		return "", fmt.Errorf("%w: exits CODE PROGRAM ARGS…", errUsage)
	}
	out, problem, err := s.program(args[1:])
	if _, printed := fmt.Fprint(s.script.Stderr(), problem); printed != nil {
		return out, printed
	}
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return out, err
	}
	code := 0
	if ended != nil {
		code = ended.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		return out, fmt.Errorf("the exit code is %d, not %s: %s", code, args[0], problem)
	}
	return out, nil
}

var trace = regexp.MustCompile(`goroutine \d|panic|\.go:\d`)

// refused CODE REGEXP ARGS…: `rollcall ARGS…` ends with the exit code and one line on standard error that fits, and nothing else: no result,
// no second line, no stack trace.
func (s *session) refused(args []string) (string, error) {
	if len(args) < 3 {
		return "", fmt.Errorf("%w: refused CODE REGEXP ARGS…", errUsage)
	}
	pattern, err := regexp.Compile(args[1])
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	out, problem, err := s.program(append([]string{"rollcall"}, args[2:]...))
	var ended *exec.ExitError
	switch {
	case !errors.As(err, &ended):
		return out, fmt.Errorf("it was not refused (%w): %s%s", orDone(err), out, problem)
	case strconv.Itoa(ended.ExitCode()) != args[0]:
		return out, fmt.Errorf("the exit code is %d, not %s: %s", ended.ExitCode(), args[0], problem)
	case out != "":
		return out, fmt.Errorf("standard output is not empty: %s", out)
	case strings.Count(problem, "\n") != 1 || !strings.HasPrefix(problem, "rollcall: ") || trace.MatchString(problem):
		return out, fmt.Errorf("that is not one sentence: %s", problem)
	case !pattern.MatchString(problem):
		return out, fmt.Errorf("%q does not fit %q", problem, args[1])
	}
	return problem, nil
}
