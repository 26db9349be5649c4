package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const runWait = 45 * time.Second

// synced [-full|-dry-run|-failing] [INSTANCE]: asks for a run that begins after everything before it, waits until it is over and prints
// it. It must succeed; with -failing, fail.
func (s *session) synced(args []string) (string, error) {
	kind := "incremental"
	full, args := flag(args, "-full")
	dry, args := flag(args, "-dry-run")
	failing, args := flag(args, "-failing")
	switch {
	case full:
		kind = "full"
	case dry:
		kind = "dry-run"
	}
	instance := s.script.Getenv("INSTANCE")
	if len(args) == 1 {
		instance = args[0]
	}
	run, err := s.runNow(instance, kind)
	for err == nil && s.behind(run) {
		run, err = s.runNow(instance, kind)
	}
	if err != nil {
		return "", err
	}
	s.script.Setenv("RUN", text(at(run, "id")))
	want := "succeeded"
	if failing {
		want = "failed"
	}
	if err := s.idle(); err != nil { // what a run leaves to do is done in one of its own
		return "", err
	}
	return text(run) + "\n", check(run, []string{"state", want})
}

// behind reports whether a run was asked for before the server's clock had followed the tenant's.
func (s *session) behind(run any) bool {
	asked, err := time.Parse(time.RFC3339Nano, text(at(run, "queuedAt")))
	return err != nil || asked.Before(s.clockAt)
}

func (s *session) runNow(instance, kind string) (any, error) {
	asked, err := s.request("POST", "instances/"+instance+"/sync", fmt.Sprintf(`{"kind":%q}`, kind))
	if err != nil {
		return nil, err
	}
	run, err := parse(asked)
	if err != nil {
		return nil, err
	}
	path := "runs/" + text(at(run, "id"))
	deadline, tick := time.NewTimer(runWait), time.NewTicker(pollEvery)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		if run, err = s.get(path); err != nil {
			return nil, err
		}
		if text(at(run, "endedAt")) != absent {
			return run, nil
		}
		select {
		case <-deadline.C:
			return nil, fmt.Errorf("the run did not end within %s: %s", runWait, text(run))
		case <-tick.C:
		}
	}
}

// idle waits until no run of any instance is under way.
func (s *session) idle() error {
	deadline, tick := time.NewTimer(runWait), time.NewTicker(pollEvery)
	defer deadline.Stop()
	defer tick.Stop()
	for {
		runs, err := s.get("runs?limit=20")
		if err != nil {
			return err
		}
		items, ok := at(runs, "items").([]any)
		if !ok {
			return errors.New("runs have no items: " + text(runs))
		}
		open := 0
		for _, run := range items {
			if text(at(run, "endedAt")) == absent {
				open++
			}
		}
		if open == 0 {
			return nil
		}
		select {
		case <-deadline.C:
			return fmt.Errorf("still a run under way after %s: %s", runWait, text(runs))
		case <-tick.C:
		}
	}
}

// advance DURATION: moves the tenant's clock, which the demo's server follows.
func (s *session) advance(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("%w: advance DURATION", errUsage)
	}
	body, err := json.Marshal(map[string]string{"advance": args[0]})
	if err != nil {
		return "", err
	}
	document, err := s.call("POST", s.script.Getenv("SIM")+"/clock", "", string(body))
	if err != nil {
		return "", err
	}
	s.clockAt, err = time.Parse(time.RFC3339Nano, text(at(document, "now")))
	return text(document) + "\n", err
}

// moment NAME DURATION: sets a variable to a time, counted from the tenant's clock.
func (s *session) moment(args []string) (string, error) {
	if len(args) != 2 {
		return "", fmt.Errorf("%w: moment NAME DURATION", errUsage)
	}
	ahead, err := time.ParseDuration(args[1])
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	document, err := s.call("GET", s.script.Getenv("SIM")+"/clock", "", "")
	if err != nil {
		return "", err
	}
	now, err := time.Parse(time.RFC3339Nano, text(at(document, "now")))
	if err != nil {
		return "", err
	}
	then := now.Add(ahead).UTC().Format(time.RFC3339)
	s.script.Setenv(args[0], then)
	return then + "\n", nil
}
