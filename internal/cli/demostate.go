package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"rollcall/internal/fault"
)

// demoState is what a demo keeps in its data folder, beside the database.
type demoState struct {
	tenantSize
	Token string `json:"token,omitempty"`
	// ClockMS is how far the tenant's clock is ahead, in milliseconds: the database lives in that time.
	ClockMS int64 `json:"clock_offset_ms"`

	path string
	// kept: there was a demo in the folder.
	kept bool
}

// openDemoState reads the state of an earlier demo in the folder, which must have been of the same tenant.
func openDemoState(folder string, size tenantSize) (*demoState, error) {
	state := &demoState{tenantSize: size, path: filepath.Join(folder, "demo.json")}
	text, err := os.ReadFile(state.path)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err == nil {
		err = json.Unmarshal(text, state)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "DemoState", err, "the state of the earlier demo cannot be read").
			WithRemedy("Choose another folder with --data.")
	}
	if state.tenantSize != size {
		return nil, fault.New(fault.Conflict, "OtherDemo", "the folder %s holds a demo of %d users with seed %d", folder, state.Users, state.Seed).
			WithRemedy("Go on with %s, or choose another folder with --data.", state.flags())
	}
	state.kept = true
	return state, nil
}

func (s *demoState) save() error { return writeInfo(s.path, s) }

// control sends one request to the simulated tenant's control API. into may be nil.
func control(ctx context.Context, method, address string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, controlWait)
	defer cancel()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("simulated tenant: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, payload)
	if err != nil {
		return fmt.Errorf("simulated tenant: %w", err)
	}
	client := http.Client{}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("simulated tenant: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // the status says enough
		return fmt.Errorf("simulated tenant: %s %s: %s: %s", method, address, response.Status, strings.TrimSpace(string(text)))
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("simulated tenant: %s: %w", address, err)
	}
	return nil
}

// clockReading is the answer of /sim/clock.
type clockReading struct {
	OffsetMS int64 `json:"offset_ms"`
}

// rejoin puts a tenant that started anew at the time of the kept database. It refuses the links of the tenant before it by itself.
func (s *demoState) rejoin(ctx context.Context, tenant string) error {
	if s.ClockMS <= 0 {
		return nil
	}
	return control(ctx, http.MethodPost, tenant+"/sim/clock", map[string]int64{"offset_ms": s.ClockMS}, nil)
}

// keepClock notes how far the tenant's clock is ahead, when that has changed.
func (s *demoState) keepClock(ctx context.Context, tenant string) error {
	var reading clockReading
	if err := control(ctx, http.MethodGet, tenant+"/sim/clock", nil, &reading); err != nil {
		return err
	}
	if reading.OffsetMS == s.ClockMS {
		return nil
	}
	s.ClockMS = reading.OffsetMS
	return s.save()
}
