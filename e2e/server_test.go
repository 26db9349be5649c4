package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// sealingKey is the key of the servers that scripts start, unless they set another one.
const sealingKey = "dGhlIHNjcmlwdHMgZHJpdmUgYSByZWFsIGJpbmFyeSE="

// info is what `rollcall demo --info` and `rollcall entrasim --info` write.
type info struct {
	APIURL          string `json:"api_url"`
	APIToken        string `json:"api_token"`
	OrgID           string `json:"org_id"`
	Instance        string `json:"instance"`
	EntraURL        string `json:"entra_url"`
	EntraControlURL string `json:"entra_control_url"`
}

// demo [-auto] [FLAGS…]: a tenant and a server that follows it, in one process. It returns after the first sync. Unless -auto is given,
// Auto Sync is off from then on, so that runs start by `synced` only. It keeps no groups unless --synced-groups says so.
func (s *session) demo(args []string) (string, error) {
	auto, flags := flag(args, "-auto")
	found, err := s.startWithInfo("demo", append([]string{"demo", "--synced-groups", "0", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0"}, flags...))
	if err != nil {
		return "", err
	}
	s.script.Setenv("SIM", strings.TrimSuffix(found.EntraControlURL, "/"))
	s.script.Setenv("ROLLCALL_SERVER", found.APIURL)
	s.script.Setenv("ROLLCALL_TOKEN", found.APIToken)
	s.script.Setenv("ROLLCALL_ORG", found.OrgID)
	instance, err := s.instance(found.Instance)
	if err != nil {
		return "", err
	}
	s.script.Setenv("INSTANCE", instance)
	err = s.processes["demo"].until(startWait, "the first sync", func() bool {
		status, err := s.get("instances/" + instance)
		return err == nil && text(at(status, "status/lastGoodAt")) != absent
	})
	if err != nil || auto {
		return "", err
	}
	if _, err := s.request("PATCH", "instances/"+instance, `{"autoSync":false}`); err != nil {
		return "", err
	}
	return "", s.idle()
}

// tenant [FLAGS…]: a simulated tenant alone.
func (s *session) tenant(args []string) (string, error) {
	found, err := s.startWithInfo("tenant", append([]string{"entrasim", "--listen", "127.0.0.1:0"}, args...))
	if err != nil {
		return "", err
	}
	control := strings.TrimSuffix(found.EntraControlURL, "/")
	if control == "" {
		control = found.EntraURL + "/sim"
	}
	s.script.Setenv("SIM", control)
	document, err := s.call("GET", control+"/tenant", "", "")
	if err != nil {
		return "", err
	}
	for variable, path := range map[string]string{
		"TENANT": "tenant_id", "CLIENT": "client_id", "SECRET": "client_secret",
		"ROLLCALL_CLOUD_LOGIN_URL": "login_url", "ROLLCALL_CLOUD_GRAPH_URL": "graph_url",
	} {
		s.script.Setenv(variable, text(at(document, path)))
	}
	s.script.Setenv("ROLLCALL_CLOUD_NAME", "simulated")
	secret := filepath.Join(s.work, "secret.txt")
	return "", os.WriteFile(secret, []byte(s.script.Getenv("SECRET")+"\n"), 0o600)
}

var bootstrapToken = regexp.MustCompile(`rc_[A-Za-z0-9_-]+`)

var listening = regexp.MustCompile(`listening url=(\S+)`)

// server DIR [FLAGS…]: a server on a data folder, beside a tenant. The first start's token becomes ROLLCALL_TOKEN; a server that is
// started again keeps it.
func (s *session) server(args []string) (string, error) {
	if len(args) == 0 {
		return "", fmt.Errorf("%w: server DIR [FLAGS…]", errUsage)
	}
	if s.script.Getenv("ROLLCALL_SEALING_KEY") == "" {
		s.script.Setenv("ROLLCALL_SEALING_KEY", sealingKey)
	}
	said := len(s.log("server"))
	p, err := s.start("server", append([]string{"serve", "--data", args[0], "--listen", "127.0.0.1:0"}, args[1:]...)...)
	if err != nil {
		return "", err
	}
	err = p.until(startWait, "the server is ready", func() bool {
		address := listening.FindStringSubmatch(s.log("server")[said:])
		if address == nil {
			return false
		}
		s.script.Setenv("ROLLCALL_SERVER", address[1])
		_, err := s.raw("GET", address[1]+"/readyz", "", "")
		return err == nil
	})
	if err != nil {
		return s.log("server")[said:], err
	}
	if token := bootstrapToken.FindString(s.log("server")); token != "" && s.script.Getenv("ROLLCALL_TOKEN") == "" {
		s.script.Setenv("ROLLCALL_TOKEN", token)
	}
	s.script.Setenv("ROLLCALL_ORG", "-")
	return "", nil
}

// log is what a process wrote to standard error so far.
func (s *session) log(name string) string {
	raw, err := os.ReadFile(filepath.Join(s.work, name+".log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.script.Fatalf("%v", err)
	}
	return string(raw)
}

// startWithInfo starts a command that writes an info file and waits for it.
func (s *session) startWithInfo(name string, args []string) (info, error) {
	var found info
	file := filepath.Join(s.work, name+".info")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return found, err
	}
	p, err := s.start(name, append(args, "--info", file)...)
	if err != nil {
		return found, err
	}
	var raw []byte
	err = p.until(startWait, "the info file is there", func() bool {
		raw, err = os.ReadFile(file)
		return err == nil
	})
	if err != nil {
		return found, fmt.Errorf("%w\n%s", err, s.log(name))
	}
	return found, json.Unmarshal(raw, &found)
}

// stopProcess NAME: SIGTERM; the process must end by itself, with exit code 0.
func (s *session) stopProcess(args []string) (string, error) { return s.end(args, syscall.SIGTERM) }

// killProcess NAME: kill -9.
func (s *session) killProcess(args []string) (string, error) { return s.end(args, syscall.SIGKILL) }

func (s *session) end(args []string, signal syscall.Signal) (string, error) {
	if len(args) != 1 || s.processes[args[0]] == nil {
		return "", fmt.Errorf("%w: name one of the processes that run", errUsage)
	}
	p := s.processes[args[0]]
	began := time.Now()
	err := p.stop(signal)
	if signal == syscall.SIGKILL && p.over() {
		err = nil
	}
	return fmt.Sprintf("ended after %s\n", time.Since(began).Round(time.Millisecond)), err
}

// flag takes a flag out of the arguments.
func flag(args []string, name string) (given bool, rest []string) {
	for _, arg := range args {
		if arg == name {
			given = true
			continue
		}
		rest = append(rest, arg)
	}
	return given, rest
}
