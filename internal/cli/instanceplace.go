package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// placed gives each thing that is wrong with the settings of a file its line there. An error about something else, or about settings that the
// file does not have, stays as it is.
func (f instanceFile) placed(err error) error {
	told := fault.Of(err)
	if told == nil {
		return err
	}
	var refused *refusal
	var wrong engine.SettingErrors
	var details []api.ProblemDetail
	switch {
	case errors.As(err, &refused):
		details = refused.details
	case errors.As(err, &wrong):
		for _, one := range wrong {
			details = append(details, api.ProblemDetail{Location: inSettings + one.Location, Message: one.Error()})
		}
	}
	lines := make([]int, len(details))
	byLine := map[int][]string{}
	for i, detail := range details {
		location, ours := strings.CutPrefix(detail.Location, inSettings)
		line := f.lineOf(location)
		if !ours || line == 0 {
			return err
		}
		lines[i] = line
		byLine[line] = append(byLine[line], fmt.Sprintf("%s, line %d: %s", f.path, line, strings.TrimSuffix(detail.Message, ".")))
	}
	if len(details) == 0 {
		return err
	}
	slices.Sort(lines)
	var sentences []string
	for _, line := range slices.Compact(lines) {
		sentences = append(sentences, byLine[line]...)
	}
	return fault.New(told.Kind, told.Code, "%s", strings.Join(sentences, "; "))
}

// inSettings begins the places of the API that are in settings. What follows is the same in the file.
const inSettings = "body.settings."

// lineOf returns the line of a place such as attributes[3].expression, or of what it is part of; 0 if the file has nothing of it.
func (f instanceFile) lineOf(location string) int {
	file, err := parser.ParseBytes(f.text, 0)
	if err != nil {
		return 0
	}
	for location != "" {
		path, err := yaml.PathString("$." + location)
		if err == nil {
			if node, err := path.FilterFile(file); err == nil && node != nil {
				return node.GetToken().Position.Line
			}
		}
		location = location[:max(0, strings.LastIndexAny(location, ".["))]
	}
	return 0
}
