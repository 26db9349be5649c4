package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// session is what one script has running.
type session struct {
	script    *testscript.TestScript
	work      string
	processes map[string]*process
	http      *http.Client
	// clockAt is the tenant's time after the last `advance`; zero while the machine's clock holds.
	clockAt time.Time
}

// process is a rollcall that runs beside the script. Its output goes to NAME.out and NAME.log in the script's folder.
type process struct {
	cmd *exec.Cmd
	// exited is closed when the process is gone; err is its end then.
	exited chan struct{}
	err    error
}

const (
	// startWait is how long a process may take until it answers, stopWait until it has ended.
	startWait = 30 * time.Second
	stopWait  = 10 * time.Second
	// pollEvery is how often something is looked at that another process does.
	pollEvery = 40 * time.Millisecond
)

// environment is that of a process: the script's variables that matter to rollcall, and nothing of the machine's but PATH.
func (s *session) environment() []string {
	var env []string
	for _, name := range []string{
		"PATH", "HOME", "TMPDIR", "ROLLCALL_SERVER", "ROLLCALL_TOKEN", "ROLLCALL_ORG", "ROLLCALL_DATA", "ROLLCALL_SEALING_KEY",
		"ROLLCALL_CLOUD_NAME", "ROLLCALL_CLOUD_LOGIN_URL", "ROLLCALL_CLOUD_GRAPH_URL",
	} {
		if value := s.script.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// start starts `rollcall args…` in the background under a name.
func (s *session) start(name string, args ...string) (*process, error) {
	if running, exists := s.processes[name]; exists && !running.over() {
		return nil, fmt.Errorf("%w: %s is running already", errUsage, name)
	}
	program, err := exec.LookPath("rollcall")
	if err != nil {
		return nil, err
	}
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.CommandContext(context.Background(), program, args...)
	p.cmd.Dir, p.cmd.Env = s.work, s.environment()
	out, err := s.append(name + ".out")
	if err != nil {
		return nil, err
	}
	log, err := s.append(name + ".log")
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	p.cmd.Stdout, p.cmd.Stderr = out, log
	err = p.cmd.Start()
	if err = errors.Join(err, out.Close(), log.Close()); err != nil { // the process has its own
		return nil, err
	}
	s.processes[name] = p
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// append opens a file of the script's folder to write on at its end.
func (s *session) append(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(s.work, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (p *process) over() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// until polls what a process does until it is so, the process has ended, or the time is over.
func (p *process) until(limit time.Duration, what string, so func() bool) error {
	deadline, tick := time.NewTimer(limit), time.NewTicker(pollEvery)
	defer deadline.Stop()
	defer tick.Stop()
	for !so() {
		select {
		case <-p.exited:
			return fmt.Errorf("the process ended before %s: %w", what, orDone(p.err))
		case <-deadline.C:
			return fmt.Errorf("not within %s: %s", limit, what)
		case <-tick.C:
		}
	}
	return nil
}

func orDone(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// stop ends a process by a signal and says how it ended.
func (p *process) stop(signal os.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.exited:
		return p.err
	case <-time.After(stopWait):
		return errors.Join(fmt.Errorf("still running %s after %s", stopWait, signal), p.cmd.Process.Kill())
	}
}

// stopAll ends what the script left running.
func (s *session) stopAll() {
	for _, p := range s.processes {
		if !p.over() {
			p.stop(syscall.SIGKILL) //nolint:errcheck // what was killed says so
		}
	}
}
