package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
)

// tenantSize are the flags that choose the people and groups of a simulated tenant.
type tenantSize struct {
	Users        int    `default:"1000" help:"How many people the tenant has, 10 to 1000000." json:"users"`
	Groups       int    `default:"-1" help:"How many groups the tenant has, 0 to 100000; -1 stands for one for 50 people and four more. The first has everybody." json:"groups"`
	GroupMembers int    `default:"50" help:"How many people each group but the first has, 0 to 1000000." json:"group_members"`
	GroupNesting int    `default:"10" help:"Makes every so manieth group hold the next two, 0 to 100000; with 0 no group holds another." json:"group_nesting"`
	Seed         uint64 `default:"1" help:"Chooses the people; the same seed makes the same tenant." json:"seed"`
}

func (t tenantSize) check() error {
	if t.Users < 10 || t.Users > 1_000_000 {
		return fault.New(fault.Invalid, "Users", "--users %d is not between 10 and 1000000", t.Users)
	}
	if t.Groups > 100_000 || t.Groups < -1 {
		return fault.New(fault.Invalid, "Groups", "--groups %d is not between 0 and 100000, nor -1", t.Groups)
	}
	if t.GroupMembers < 0 || t.GroupMembers > 1_000_000 {
		return fault.New(fault.Invalid, "GroupMembers", "--group-members %d is not between 0 and 1000000", t.GroupMembers)
	}
	if t.GroupNesting < 0 || t.GroupNesting > 100_000 {
		return fault.New(fault.Invalid, "GroupNesting", "--group-nesting %d is not between 0 and 100000", t.GroupNesting)
	}
	if t.Seed == 0 {
		return fault.New(fault.Invalid, "Seed", "--seed must be 1 or more")
	}
	return nil
}

// server returns the tenant of that size, not started yet. For the Server 0 stands for its own choice, and less for none.
func (t tenantSize) server() *entrasim.Server {
	sim := &entrasim.Server{Users: t.Users, Seed: t.Seed, GroupMembers: orNone(t.GroupMembers), GroupNesting: orNone(t.GroupNesting)}
	if t.Groups >= 0 {
		sim.Groups = orNone(t.Groups)
	}
	return sim
}

// flags are how such a tenant is asked for.
func (t tenantSize) flags() string {
	flags := fmt.Sprintf("--users %d --seed %d", t.Users, t.Seed)
	if t.Groups >= 0 {
		flags += fmt.Sprintf(" --groups %d", t.Groups)
	}
	return flags + fmt.Sprintf(" --group-members %d --group-nesting %d", t.GroupMembers, t.GroupNesting)
}

func orNone(count int) int {
	if count == 0 {
		return -1
	}
	return count
}

type entrasimCommand struct {
	tenantSize
	Listen      string `default:"127.0.0.1:8481" help:"Address for HTTP; port 0 takes a free one." placeholder:"HOST:PORT"`
	HTTPSListen string `default:"127.0.0.1:0" help:"Address for HTTPS, which Microsoft's own libraries ask for; empty for none." name:"https-listen" placeholder:"HOST:PORT"`
	Info        string `help:"File to write addresses and credentials to as JSON, such as tenant.json." placeholder:"FILE"`
}

// Help gives an example.
func (entrasimCommand) Help() string {
	return "Example: rollcall entrasim --users 5000 --groups 200 --seed 7 --listen 127.0.0.1:8481\n\nThe tenant lives in memory. It is controlled below /sim/; curl http://127.0.0.1:8481/sim/ lists how."
}

// tenantInfo is what --info writes.
type tenantInfo struct {
	entrasim.Tenant
	ControlURL string `json:"entra_control_url"`
	CAFile     string `json:"ca_file,omitempty"`
	CAURL      string `json:"ca_url"`
	PID        int    `json:"pid"`
}

// Run simulates until it is asked to end.
func (c *entrasimCommand) Run(ctx context.Context, in *invocation) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "rollcall-entrasim-")
	if err != nil {
		return fault.Wrap(fault.Invalid, "TemporaryFolder", err, "a temporary folder cannot be made")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	sim := c.server()
	if err := sim.Listen(ctx, c.Listen, c.HTTPSListen); err != nil {
		return tenantFault("--listen "+c.Listen+" or --https-listen "+c.HTTPSListen, err)
	}
	defer func() { err = errors.Join(err, sim.Close()) }()
	info := tenantInfo{Tenant: sim.Tenant(), ControlURL: sim.URL() + "/sim/", CAURL: sim.URL() + "/sim/ca.pem", PID: os.Getpid()}
	if c.HTTPSListen != "" {
		info.CAFile = filepath.Join(folder, "ca.pem")
		if err := os.WriteFile(info.CAFile, sim.CACertificate(), 0o600); err != nil {
			return fault.Wrap(fault.Invalid, "TemporaryFolder", err, "the tenant's certificate cannot be written")
		}
	}
	if c.Info != "" {
		if err := writeInfo(c.Info, info); err != nil {
			return err
		}
	}
	if err := c.print(in, info); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (c *entrasimCommand) print(in *invocation, info tenantInfo) error {
	err := facts(
		in.stdout, "Tenant", info.TenantID, "Client id", info.ClientID, "Client secret", info.ClientSecret, "Graph and login", info.GraphURL,
		"The same by HTTPS", info.HTTPSGraphURL, "Its certificate", info.CAFile, "Control", info.ControlURL,
	)
	in.say("\nA server follows this tenant with: rollcall serve --cloud-name simulated --cloud-login-url %s --cloud-graph-url %s\nCtrl-C ends it.",
		info.LoginURL, info.GraphURL)
	return err
}

// tenantFault explains why the simulated tenant cannot listen; setting names the flag.
func tenantFault(setting string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fault.New(fault.Conflict, "AddressInUse", "another program listens on the simulated tenant's address already (%s)", setting).
			WithRemedy("End that program, or choose another address; port 0 takes a free one.")
	}
	return fault.Wrap(fault.Invalid, "Listen", err, "the simulated tenant cannot start ("+setting+")").
		WithRemedy("Give an address such as 127.0.0.1:8481.")
}

// writeInfo puts a whole JSON file in place or none, readable by its owner only: it holds credentials.
func writeInfo(path string, info any) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".rollcall-info-*")
	if err == nil {
		err = errors.Join(writeJSON(draft, info), draft.Sync(), draft.Close())
		if err == nil {
			err = os.Rename(draft.Name(), path)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(draft.Name()))
		}
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, "Info", err, "the file "+path+" (--info) cannot be written")
	}
	return nil
}

// controlWait is for one request to the simulated tenant's control API.
const controlWait = 5 * time.Second
