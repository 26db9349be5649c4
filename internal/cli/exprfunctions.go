package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
)

type exprFunctionsCommand struct {
	Names []string `arg:"" help:"Functions to describe." name:"name" optional:""`
	JSON  bool     `help:"Print JSON, and nothing else, on standard output." name:"json"`
}

// Help gives an example.
func (exprFunctionsCommand) Help() string { return "Example: rollcall expr functions Switch IIF" }

// Run lists or describes.
func (c *exprFunctionsCommand) Run(in *invocation) error {
	functions, err := namedFunctions(c.Names)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return writeJSON(in.stdout, functions)
	case len(c.Names) == 0:
		out := newTable("FUNCTION", "GIVES", "FAMILY", "MEANING")
		for _, f := range functions {
			out.add(f.Name, f.Gives, f.Family, f.Meaning)
		}
		if err := out.write(in.stdout, in.columns(), "There are no functions."); err != nil {
			return err
		}
		in.say("`rollcall expr functions NAME` describes one.")
		return nil
	}
	for i, f := range functions {
		if i > 0 {
			if _, err := fmt.Fprintln(in.stdout); err != nil {
				return err
			}
		}
		if err := describe(in.stdout, f); err != nil {
			return err
		}
	}
	return nil
}

// namedFunctions finds functions by name in any case; all for no names.
func namedFunctions(names []string) ([]expr.Function, error) {
	all := expr.Functions()
	if len(names) == 0 {
		return all, nil
	}
	known := make([]string, len(all))
	for i, f := range all {
		known[i] = f.Name
	}
	var functions []expr.Function
	for _, name := range names {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		if i < 0 {
			missing := fault.New(fault.NotFound, "UnknownFunction", "there is no function %q", name)
			if near := attr.Nearest(name, known); near != "" {
				return nil, missing.WithRemedy("The nearest is %s.", near)
			}
			return nil, missing.WithRemedy("`rollcall expr functions` lists all.")
		}
		functions = append(functions, all[i])
	}
	return functions, nil
}

// lineWidth is where longer texts are broken.
const lineWidth = 100

// describe writes all that is known of a function.
func describe(w io.Writer, f expr.Function) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n    %s.\n", f.Signature, strings.TrimSuffix(f.Meaning, "."))
	for _, p := range f.Parameters {
		how := p.Class
		switch {
		case p.Place:
			how += ", its place may be empty"
		case !p.Required:
			how += ", may be left out at the end"
		}
		if p.Repeats {
			how += ", may be repeated"
		}
		fmt.Fprintf(&text, "    %s: %s\n", p.Name, how)
	}
	fmt.Fprintf(&text, "    Gives: %s. Documented for %s.\n", f.Gives, f.Dialect)
	if f.Choice != "" {
		fmt.Fprintf(&text, "    %s\n", strings.Join(wrapped(f.Choice, lineWidth), "\n    "))
	}
	for _, e := range f.Examples {
		fmt.Fprintf(&text, "    Example: rollcall expr eval%s %s\n", assignments(e.Attributes), shellWord(e.Expression))
		if e.Result != "" {
			fmt.Fprintf(&text, "        %s\n", e.Result)
		}
	}
	_, err := io.WriteString(w, printableLines(text.String()))
	return err
}

func assignments(attributes []string) string {
	var text strings.Builder
	for _, attribute := range attributes {
		text.WriteString(" -a " + shellWord(attribute))
	}
	return text.String()
}

// printableLines is printable, but for the ends of lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}
