// Package cli holds the command tree.
//
// Commands that run something here (serve, demo, entrasim, migrate, backup) build it with package app; the others are clients of a
// server's API. Results go to standard output, everything else (progress, what to do next, errors) to standard error, so that output
// can be piped. An error is one sentence, and the exit code says what kind it is (see exit.go).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"
)

// Main runs the command that args (without the program's name) ask for and returns the exit code. env holds KEY=value as os.Environ
// does. SIGINT and SIGTERM end the command cleanly.
func Main(version string, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, &invocation{version: version, program: os.Args[0], env: environment(env), stdin: stdin, stdout: stdout, stderr: stderr}, args)
}

// invocation is what one call of the program was given.
type invocation struct {
	version string
	// program is how it was called, such as bin/rollcall.
	program        string
	env            map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer
}

func environment(env []string) map[string]string {
	values := make(map[string]string, len(env))
	for _, entry := range env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			values[name] = value
		}
	}
	return values
}

func (in *invocation) getenv(name string) string { return in.env[name] }

// say writes a line for people to standard error. There is nobody to tell if that fails.
func (in *invocation) say(format string, args ...any) {
	_, _ = fmt.Fprintf(in.stderr, format+"\n", args...)
}

// sayMore says that a list is not the whole.
func (in *invocation) sayMore(more bool) {
	if more {
		in.say("There are more; --limit 0 shows all.")
	}
}

// onTerminal reports whether standard error is a terminal, where a line can be written over.
func (in *invocation) onTerminal() bool {
	file, ok := in.stderr.(*os.File)
	return ok && isatty.IsTerminal(file.Fd()) && in.getenv("TERM") != "dumb"
}

func run(ctx context.Context, in *invocation, args []string) int {
	err := execute(ctx, in, args)
	if err == nil || errors.Is(err, errHelp) {
		return exitOK
	}
	if text := sentence(err); text != "" {
		in.say("rollcall: %s", text)
	}
	return exitCode(err)
}

func execute(ctx context.Context, in *invocation, args []string) error {
	parser, err := newParser(in)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	command, err := parser.Parse(args)
	if err != nil {
		return badUsage(err)
	}
	if err := nothingEmpty(command); err != nil {
		return err
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return command.Run(in)
}

// newParser builds the parser of the command tree. Variables of the environment come from the invocation, not from the process.
func newParser(in *invocation) (*kong.Kong, error) {
	variables := map[*kong.Value][]string{}
	parser, err := kong.New(&commands{},
		kong.Name("rollcall"),
		kong.Description("Keeps an organization's directory in step with a Microsoft Entra ID tenant.\n\n"+exitCodes),
		kong.Writers(in.stdout, in.stderr),
		kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.ValueFormatter(func(value *kong.Value) string {
			return flagHelp(value, variables[value])
		}),
		kong.Resolvers(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
			for _, name := range variables[flag.Value] {
				if value := in.env[name]; value != "" {
					return value, nil
				}
			}
			return nil, nil
		})),
	)
	if err != nil {
		return nil, fmt.Errorf("command tree: %w", err)
	}
	err = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && len(flag.Tag.Envs) > 0 {
			variables[flag.Value] = flag.Tag.Envs
			flag.Tag.Envs, flag.Envs = nil, nil
		}
		return next(nil)
	})
	return parser, err
}

// errHelp ends a command whose help was printed.
var errHelp = errors.New("help was printed")

// helpFlag prints the help of the command before which it stands.
type helpFlag bool

// IgnoreDefault keeps kong from resetting the flag.
func (helpFlag) IgnoreDefault() {}

// BeforeReset prints the help.
func (helpFlag) BeforeReset(command *kong.Context) error {
	if err := command.PrintUsage(false); err != nil {
		return err
	}
	return errHelp
}
