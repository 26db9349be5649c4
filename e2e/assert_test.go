package e2e_test

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// commands are the script commands by name; doc.go says what each does.
func commands() map[string]command {
	return map[string]command{
		"demo":         {run: (*session).demo},
		"tenant":       {run: (*session).tenant},
		"server":       {run: (*session).server, refusable: true},
		"stop":         {run: (*session).stopProcess},
		"kill9":        {run: (*session).killProcess},
		"sim":          {run: (*session).sim, refusable: true},
		"api":          {run: (*session).api, refusable: true},
		"json":         {run: (*session).json},
		"browser":      {run: (*session).browser},
		"let":          {run: (*session).let},
		"user":         {run: (*session).user},
		"nobody":       {run: (*session).nobody},
		"newer-schema": {run: (*session).newerSchema},
		"settings":     {run: (*session).settings, refusable: true},
		"exits":        {run: (*session).exits},
		"refused":      {run: (*session).refused},
		"advance":      {run: (*session).advance},
		"moment":       {run: (*session).moment},
		"synced":       {run: (*session).synced},
		"eventually":   {run: (*session).eventually},
	}
}

// json PATH VALUE…: asserts on the standard output of the command before.
func (s *session) json(args []string) (string, error) {
	out := s.script.ReadFile("stdout")
	document, err := parse(out)
	if err != nil {
		return out, err
	}
	return out, check(document, args)
}

// let NAME PATH: sets a variable to a value of the standard output of the command before.
func (s *session) let(args []string) (string, error) {
	if len(args) != 2 {
		return "", fmt.Errorf("%w: let NAME PATH", errUsage)
	}
	out := s.script.ReadFile("stdout")
	document, err := parse(out)
	if err != nil {
		return out, err
	}
	value := text(at(document, args[1]))
	if value == absent {
		return out, fmt.Errorf("there is no %s in %.2000s", args[1], out)
	}
	s.script.Setenv(args[0], value)
	return out, nil
}

var inBin = regexp.MustCompile(`^[0-9a-f]{32}`)

// find returns the directory users with the name; with bin those who had it before they were deleted.
func (s *session) find(name string, bin bool) ([]any, error) {
	var found []any
	cursor := ""
	for {
		page, err := s.get("users?limit=1000&search=" + url.QueryEscape(name) + "&cursor=" + url.QueryEscape(cursor))
		if err != nil {
			return nil, err
		}
		items, _ := at(page, "items").([]any)
		for _, item := range items {
			userName := text(at(item, "userName"))
			if bin && inBin.MatchString(userName) {
				userName = inBin.ReplaceAllString(userName, "")
			} else if bin {
				continue
			}
			if strings.EqualFold(userName, name) {
				found = append(found, item)
			}
		}
		if cursor = text(at(page, "next")); cursor == absent {
			return found, nil
		}
	}
}

// user [-deleted] NAME [PATH VALUE…]: a directory user as the API shows him.
func (s *session) user(args []string) (string, error) {
	bin, args := flag(args, "-deleted")
	if len(args) == 0 {
		return "", fmt.Errorf("%w: user [-deleted] NAME [PATH VALUE…]", errUsage)
	}
	found, err := s.find(args[0], bin)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d users are named %s", len(found), args[0])
	}
	whole, err := s.get("users/" + text(at(found[0], "id")))
	if err != nil {
		return "", err
	}
	return text(whole) + "\n", check(whole, args[1:])
}

// nobody [-deleted] NAME: nobody in the directory has the name.
func (s *session) nobody(args []string) (string, error) {
	bin, args := flag(args, "-deleted")
	if len(args) != 1 {
		return "", fmt.Errorf("%w: nobody [-deleted] NAME", errUsage)
	}
	found, err := s.find(args[0], bin)
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("somebody is named so: %s", text(found))
	}
	return "", err
}

func (s *session) instance(name string) (string, error) {
	list, err := s.get("instances")
	if err != nil {
		return "", err
	}
	for _, path := range []string{"items/[id=" + name + "]/id", "items/[name=" + name + "]/id"} {
		if id := text(at(list, path)); id != absent {
			return id, nil
		}
	}
	return "", fmt.Errorf("there is no instance %s in %s", name, text(list))
}

// settings PATH JSON [INSTANCE]: changes one place of an instance's settings, such as scope or attributes/[target=title]/default; attributes/-
// adds to the list.
func (s *session) settings(args []string) (string, error) {
	if len(args) != 2 && len(args) != 3 {
		return "", fmt.Errorf("%w: settings PATH JSON [INSTANCE]", errUsage)
	}
	path := "instances/" + s.script.Getenv("INSTANCE")
	if len(args) == 3 {
		path = "instances/" + args[2]
	}
	document, err := s.get(path)
	if err != nil {
		return "", err
	}
	settings := at(document, "settings")
	value, err := parse(args[1])
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	where, adds := strings.CutSuffix(args[0], "/-")
	if adds {
		list, _ := at(settings, where).([]any)
		value = append(list, value)
	}
	parent, name := "", where
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		parent, name = name[:i], name[i+1:]
	}
	place, ok := at(settings, parent).(map[string]any)
	if !ok {
		return "", fmt.Errorf("%w: there is no place %q in %s", errUsage, parent, text(settings))
	}
	place[name] = value
	return s.request("PATCH", path, text(map[string]any{"settings": settings}))
}

// eventually [-for DURATION] COMMAND…: repeats a command of ours or a program until it succeeds.
func (s *session) eventually(args []string) (string, error) {
	limit := 15 * time.Second
	if len(args) > 2 && args[0] == "-for" {
		var err error
		if limit, err = time.ParseDuration(args[1]); err != nil {
			return "", fmt.Errorf("%w: %w", errUsage, err)
		}
		args = args[2:]
	}
	if len(args) == 0 {
		return "", fmt.Errorf("%w: eventually [-for DURATION] COMMAND…", errUsage)
	}
	deadline, tick := time.NewTimer(limit), time.NewTicker(pollEvery)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		out, err := s.once(args)
		if err == nil || errors.Is(err, errUsage) && !errors.Is(err, errUnanswered) {
			return out, err
		}
		select {
		case <-deadline.C:
			return out, fmt.Errorf("not within %s: %w", limit, err)
		case <-tick.C:
		}
	}
}

func (s *session) once(args []string) (string, error) {
	if own, ok := commands()[args[0]]; ok {
		return own.run(s, args[1:])
	}
	out, problem, err := s.program(args)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, problem)
	}
	return out, err
}
