package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is the program running beside the test.
type Process struct {
	command *exec.Cmd
	output  *tail
	done    chan struct{}
	err     error
}

// tail keeps the last 64 KiB of what a process wrote.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*tailSize {
		t.text = append(t.text[:0], t.text[len(t.text)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// Start runs the program until it ends by itself, is stopped or killed, or ctx ends.
func Start(ctx context.Context, program string, args ...string) (*Process, error) {
	p := &Process{command: exec.CommandContext(ctx, program, args...), output: &tail{}, done: make(chan struct{})} //nolint:gosec // G204: the program under test
	p.command.Stdout, p.command.Stderr = p.output, p.output
	p.command.Cancel = func() error { return p.command.Process.Signal(syscall.SIGTERM) }
	p.command.WaitDelay = startLimit
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID is the id of the process.
func (p *Process) PID() int { return p.command.Process.Pid }

// Output is the last of what the process wrote.
func (p *Process) Output() string { return p.output.String() }

// Kill ends the process as kill -9 does and waits for its end.
func (p *Process) Kill() error { return p.signal(syscall.SIGKILL) }

// Stop asks the process to end and waits for it.
func (p *Process) Stop() error { return p.signal(syscall.SIGTERM) }

func (p *Process) signal(signal os.Signal) error {
	if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

// ended is the error of a process that should be running.
func (p *Process) ended() error {
	return fmt.Errorf("%s ended by itself (%w) and wrote:\n%s", p.command.Args, p.err, p.Output())
}

// dump ends the process in a way that makes it tell what its goroutines are doing.
func (p *Process) dump() error {
	if err := p.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	return fmt.Errorf("it wrote:\n%s", p.Output())
}

// Until calls ready every few milliseconds until it says yes. It fails when the process ends, or when it takes longer than limit.
func (p *Process) Until(ctx context.Context, limit time.Duration, ready func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ready(ctx) {
		select {
		case <-tick.C:
		case <-p.done:
			return p.ended()
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s: not ready after %s", p.command.Args, limit), p.dump())
		}
	}
	return nil
}

// Tenant is a simulated tenant in a process of its own.
type Tenant struct {
	*Process
	// Control answers below /sim/.
	Control Client
	// Facts are those of GET /sim/tenant.
	Facts TenantFacts
}

// TenantFacts is what a client must know to read the tenant.
type TenantFacts struct {
	TenantID     string   `json:"tenant_id"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Domains      []string `json:"domains"`
	GraphURL     string   `json:"graph_url"`
	LoginURL     string   `json:"login_url"`
}

// startLimit is how long a process may take until it answers.
const startLimit = 30 * time.Second

// StartTenant starts a tenant of so many people and waits until it answers.
func StartTenant(ctx context.Context, program string, users int, seed uint64) (*Tenant, error) {
	p, err := Start(ctx, program, "entrasim", "--listen", "127.0.0.1:0", "--users", fmt.Sprint(users), "--seed", fmt.Sprint(seed))
	if err != nil {
		return nil, err
	}
	t := &Tenant{Process: p}
	return t, p.Until(ctx, startLimit, func(ctx context.Context) bool {
		t.Control.Base = addressOf.FindString(p.Output())
		return t.Control.Base != "" && t.Control.Do(ctx, http.MethodGet, "/sim/tenant", nil, &t.Facts) == nil
	})
}

// addressOf finds where a process says that it listens.
var addressOf = regexp.MustCompile(`http://127\.0\.0\.1:[1-9][0-9]*`)

// GraphCalls is how many requests Graph, without the login service, has answered since DELETE /sim/stats.
func (t *Tenant) GraphCalls(ctx context.Context) (int, error) {
	var stats struct {
		Calls int `json:"graph_calls"`
	}
	err := t.Control.Do(ctx, http.MethodGet, "/sim/stats", nil, &stats)
	return stats.Calls, err
}

// Server is `rollcall serve` on a data folder of its own.
type Server struct {
	*Process
	Program string
	Data    string
	// Tenant that the server reads; nil for none.
	Tenant *Tenant
	// Before is the command that starts the program, with its arguments, such as taskset; nil for none. Flags are more flags of the server.
	Before, Flags []string
	// Destination is where the instance of SetUp writes, as the API takes it; nil for the built-in directory.
	Destination map[string]any
	// API speaks to the organization of the server with the rights of a full administrator.
	API Client
}

var secretOfToken = regexp.MustCompile(`\brc_[A-Za-z0-9_-]{20,}`)

// Launch starts the server, for the first time or again, without waiting until it answers.
func (s *Server) Launch(ctx context.Context) (err error) {
	command := append(slices.Clone(s.Before), s.Program, "serve", "--data", s.Data, "--listen", "127.0.0.1:0")
	if s.Tenant != nil {
		command = append(command, "--cloud-name", "simulated", "--cloud-login-url", s.Tenant.Facts.LoginURL, "--cloud-graph-url", s.Tenant.Facts.GraphURL)
	}
	command = append(command, s.Flags...)
	s.Process, err = Start(ctx, command[0], command[1:]...)
	return err
}

var listening = regexp.MustCompile(`msg=listening url=(\S+)`)

// Ready waits until the server answers.
func (s *Server) Ready(ctx context.Context) error {
	return s.Until(ctx, startLimit, func(ctx context.Context) bool {
		found := listening.FindStringSubmatch(s.Output())
		if found == nil {
			return false
		}
		s.API.Base = found[1]
		return Client{Base: s.API.Base}.Do(ctx, http.MethodGet, "/readyz", nil, nil) == nil
	})
}

// Begin starts a server on an empty folder and takes the token that it tells.
func (s *Server) Begin(ctx context.Context) error {
	if err := s.Launch(ctx); err != nil {
		return err
	}
	if err := s.Ready(ctx); err != nil {
		return err
	}
	return s.Until(ctx, startLimit, func(context.Context) bool {
		s.API.Token = secretOfToken.FindString(s.Output())
		return s.API.Token != ""
	})
}

// SetUp starts a server on an empty folder and makes an instance that reads the tenant when it is told to; settings replace those of the
// sync defaults that have the same name. A server that is set up can be killed and launched again.
func (s *Server) SetUp(ctx context.Context, settings map[string]any) (instance string, err error) {
	if err := s.Begin(ctx); err != nil {
		return "", err
	}
	var made struct {
		ID       string         `json:"id"`
		Settings map[string]any `json:"settings"`
	}
	facts := s.Tenant.Facts
	wanted := map[string]any{
		"name": "people", "cloud": "simulated", "tenantId": facts.TenantID, "clientId": facts.ClientID, "clientSecret": facts.ClientSecret,
	}
	if s.Destination != nil {
		wanted["destination"] = s.Destination
	}
	err = s.API.Do(ctx, http.MethodPost, organization+"/instances", wanted, &made)
	if err != nil || len(settings) == 0 {
		return made.ID, err
	}
	if err := s.API.Do(ctx, http.MethodGet, organization+"/instances/"+made.ID, nil, &made); err != nil {
		return "", err
	}
	maps.Copy(made.Settings, settings)
	return made.ID, s.API.Do(ctx, http.MethodPatch, organization+"/instances/"+made.ID, map[string]any{"settings": made.Settings}, nil)
}

// Run is a run of an instance as the API tells it.
type Run struct {
	ID       string         `json:"id"`
	State    string         `json:"state"`
	Step     string         `json:"step"`
	Counts   map[string]int `json:"counts"`
	QueuedAt time.Time      `json:"queuedAt"`
	EndedAt  time.Time      `json:"endedAt"`
	Failure  *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"failure"`
	Progress struct {
		Read    int `json:"read"`
		Planned int `json:"planned"`
		Applied int `json:"applied"`
	} `json:"progress"`
}

// Over reports whether nothing more will happen to the run.
func (r Run) Over() bool {
	return r.State == "succeeded" || r.State == "failed" || r.State == "canceled"
}

// Sync asks for a run: "incremental" or "full".
func (s *Server) Sync(ctx context.Context, instance, kind string) (run Run, err error) {
	err = s.API.Do(ctx, http.MethodPost, organization+"/instances/"+instance+"/sync", map[string]string{"kind": kind}, &run)
	return run, err
}

// Run reads how far a run is.
func (s *Server) Run(ctx context.Context, id string) (run Run, err error) {
	err = s.API.Do(ctx, http.MethodGet, organization+"/runs/"+id, nil, &run)
	return run, err
}

// Wait waits until the run, and the runs that follow up on it, are over.
func (s *Server) Wait(ctx context.Context, instance string, run Run, limit time.Duration) (Run, error) {
	err := s.Until(ctx, limit, func(ctx context.Context) bool {
		if !run.Over() {
			if now, err := s.Run(ctx, run.ID); err == nil {
				run = now
			}
			return false
		}
		runs, err := List[Run](ctx, s.API, organization+"/runs?instance="+instance)
		return err == nil && !slices.ContainsFunc(runs, func(r Run) bool { return !r.Over() })
	})
	return run, err
}

// organization is the path of the only organization of the server.
const organization = "/api/v1/organizations/-"

// Client calls an HTTP API that speaks JSON.
type Client struct{ Base, Token string }

// Do sends body, if not nil, and reads the answer into answer, if not nil. Any status but 2xx is an error.
func (c Client) Do(ctx context.Context, method, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if body == nil {
		request.Body, request.ContentLength = http.NoBody, 0
	} else {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		said, err := io.ReadAll(io.LimitReader(response.Body, 4096))
		return errors.Join(fmt.Errorf("%s %s: %s: %s", method, path, response.Status, said), err)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// List reads all pages of a list of the server's API.
func List[T any](ctx context.Context, c Client, path string) ([]T, error) {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	path += separator + "limit=1000"
	var items []T
	for cursor := ""; ; {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := c.Do(ctx, http.MethodGet, path+cursor, nil, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.Next == "" {
			return items, nil
		}
		cursor = "&cursor=" + url.QueryEscape(page.Next)
	}
}
