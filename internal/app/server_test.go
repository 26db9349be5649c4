package app

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/config"
)

// pipes is a listener of connections inside the process, so that time can be the test's.
type pipes struct {
	waiting chan net.Conn
	ended   chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.waiting:
		return conn, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.ended)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.waiting <- theirs
	return ours
}

// served runs a server that reads bodies and answers with as many bytes as a path says, and hands its connections to fn.
func served(t *testing.T, fn func(t *testing.T, dial func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			_, _ = w.Write(make([]byte, 4<<20))
		}), slog.New(slog.DiscardHandler))
		listener := &pipes{waiting: make(chan net.Conn), ended: make(chan struct{})}
		stopped := make(chan error, 1)
		go func() { stopped <- s.Serve(listener) }()
		fn(t, listener.dial)
		if err := errors.Join(s.Close(), ignoreClosed(<-stopped)); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second) // in the bubble: a connection that is cut off lingers for a moment
	})
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func TestWhoSendsSlowlyIsCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		begins  string
		patient time.Duration
	}{
		"in the headers": {"GET / HTTP/1.1\r\nHost: x\r\n", 10 * time.Second},
		"in the body":    {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n{", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			served(t, func(t *testing.T, dial func() net.Conn) {
				conn, began := dial(), time.Now()
				go func() { _, _ = io.Copy(io.Discard, conn) }() // ends when it is cut off
				if _, err := io.WriteString(conn, c.begins); err != nil {
					t.Fatal(err)
				}
				var err error
				for err == nil && time.Since(began) < time.Hour { // a byte now and then, as attackers do
					time.Sleep(2 * time.Second)
					_, err = io.WriteString(conn, "x")
				}
				if waited := time.Since(began); err == nil || waited > c.patient+4*time.Second {
					t.Errorf("cut off after %s (%v), want %s", waited, err, c.patient)
				}
			})
		})
	}
}

func TestWhoReadsSlowlyIsCutOff(t *testing.T) {
	served(t, func(t *testing.T, dial func() net.Conn) {
		conn, began := dial(), time.Now()
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		var err error
		one := make([]byte, 1)
		for err == nil && time.Since(began) < time.Hour {
			time.Sleep(time.Second)
			_, err = conn.Read(one)
		}
		if waited := time.Since(began); err == nil || waited > time.Minute+2*time.Second {
			t.Errorf("cut off after %s (%v), want a minute", waited, err)
		}
	})
}

func TestHeadersThatAreTooLongAreRefused(t *testing.T) {
	served(t, func(t *testing.T, dial func() net.Conn) {
		conn := dial()
		go func() {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 80<<10)+"\r\n\r\n") // fails when it is cut off
		}()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("answered %s", response.Status)
		}
		_ = conn.Close()
	})
}

func TestOnlyTheLoginHostOfACustomCloudMayBeAnywhere(t *testing.T) {
	for login, want := range map[string][]string{
		"": nil, "https://login.example": {"login.example:443"}, "https://127.0.0.1:8443/x": {"127.0.0.1:8443"},
	} {
		if diff := cmp.Diff(want, loginHosts(config.Cloud{LoginURL: login})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", login, diff)
		}
	}
}
