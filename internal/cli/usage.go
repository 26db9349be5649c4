package cli

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"rollcall/internal/fault"
)

// badUsage turns an error of the parser into a sentence that names the help to read.
func badUsage(err error) error {
	if errors.Is(err, errHelp) {
		return err
	}
	command := "rollcall"
	message := err.Error()
	if parse := (*kong.ParseError)(nil); errors.As(err, &parse) && parse.Context != nil {
		if selected := parse.Context.Selected(); selected != nil {
			command = selected.FullPath()
			if len(selected.Children) > 0 && strings.HasPrefix(message, "expected ") {
				message = fmt.Sprintf("`%s` alone says too little: it goes on with %s", command, choices(selected))
			}
		}
	}
	return fault.New(fault.Invalid, "Usage", "%s", message).WithRemedy("See `%s --help`.", command)
}

// choices are the subcommands of a command: "list, show or report".
func choices(node *kong.Node) string {
	var names []string
	for _, child := range node.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " or " + names[last]
	}
	return strings.Join(names, "")
}

// nothingEmpty refuses arguments that are there and say nothing, which an unset variable of a shell makes: a search for nobody in particular
// finds somebody.
func nothingEmpty(command *kong.Context) error {
	for _, part := range command.Path {
		given := part.Positional
		if given == nil || given.Target.Kind() != reflect.String || strings.TrimSpace(given.Target.String()) != "" {
			continue
		}
		message := fmt.Sprintf("the argument <%s> is empty", given.Name)
		if given.Name == "user" {
			message = "say who: " + message
		}
		return fault.New(fault.Invalid, "EmptyArgument", "%s", message).WithRemedy("It is: %s", given.Help)
	}
	return nil
}

// flagHelp is what the help says of a flag: also the variables of the environment that stand for it, and its value if it is absent where the
// placeholder does not show that.
func flagHelp(value *kong.Value, variables []string) string {
	help := value.Help
	for _, name := range variables {
		help = strings.TrimSuffix(help, ".") + " ($" + name + ")."
	}
	if value.Flag != nil && value.Flag.PlaceHolder != "" && value.HasDefault && value.Default != "" && value.Default != "-" {
		help += " Default: " + value.Default + "."
	}
	return help
}
