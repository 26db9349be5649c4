package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/mattn/go-isatty"

	"rollcall/internal/fault"
)

// asksPeople reports whether somebody sits there who can answer: a question goes to standard error, its answer comes from standard input.
func (in *invocation) asksPeople() bool {
	file, ok := in.stdin.(*os.File)
	return ok && isatty.IsTerminal(file.Fd()) && in.onTerminal()
}

// confirm asks a question and reports whether it was answered with yes. Whoever ends the program meanwhile said no.
func (in *invocation) confirm(ctx context.Context, question string) bool {
	_, _ = fmt.Fprintf(in.stderr, "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() { // a read of a terminal cannot be called off
		line, err := bufio.NewReader(in.stdin).ReadString('\n')
		if err != nil {
			line = ""
		}
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		in.say("")
		return false
	case answer := <-answers:
		return answer == "y" || answer == "yes"
	}
}

// unconfirmed says why nothing was done.
func unconfirmed(what string) error {
	return fault.New(fault.Invalid, "NotConfirmed", "%s", what).WithRemedy("Confirm it with --yes.")
}
