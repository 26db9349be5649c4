//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// connections is how many requests of SCIM are under way at a time.
const connections = 16

// ask is a request of SCIM and what must come back.
type ask struct {
	method, path, body string
	status             int
	// holds is a text that the answer must hold; "" for any.
	holds string
	// answered takes the answer; nil for nobody. The body is good until it returns.
	answered func(header http.Header, body []byte)
}

// pace is how many requests a server answered, and the time and the processor's time that it took.
type pace struct {
	answered  int
	took, cpu time.Duration
}

func (p pace) second() float64    { return float64(p.answered) / p.took.Seconds() }
func (p pace) cpuSecond() float64 { return float64(p.answered) / p.cpu.Seconds() }

func (p pace) and(other pace) pace {
	return pace{p.answered + other.answered, p.took + other.took, p.cpu + other.cpu}
}

// load has all connections make requests for so long, or until there are so many, and measures the server. next makes request n (from 0) of all,
// which is request i of the connection c.
func (b *scimBed) load(t *testing.T, what string, most int, long time.Duration, next func(n, c, i int) ask) pace {
	t.Helper()
	var begun, done atomic.Int64
	var wait sync.WaitGroup
	failures := make([]error, connections)
	cpu, start := cpuOf(t, b.server.PID()), time.Now()
	for c := range connections {
		wait.Go(func() {
			wire, err := b.dial()
			if err != nil {
				failures[c] = err
				return
			}
			defer func() { failures[c] = errors.Join(failures[c], wire.Close()) }()
			for i := 0; time.Since(start) < long; i++ {
				n := int(begun.Add(1)) - 1
				if n >= most {
					return
				}
				if failures[c] = wire.do(next(n, c, i)); failures[c] != nil {
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	p := pace{int(done.Load()), time.Since(start), cpuOf(t, b.server.PID()) - cpu}
	if err := errors.Join(failures...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	t.Logf("%-36s %6.0f/s %6.0f per CPU second, peak %d MiB", what, p.second(), p.cpuSecond(), peakOf(t, b.server.PID())>>20)
	return p
}

// wire is a connection that is kept open. net/http's client costs as much as the server; this one writes bytes and reads the answer.
type wire struct {
	net.Conn
	in      *bufio.Reader
	head    string
	out     []byte
	content bytes.Buffer
}

func (b *scimBed) dial() (*wire, error) {
	conn, err := (&net.Dialer{}).Dial("tcp", strings.TrimPrefix(b.server.API.Base, "http://"))
	if err != nil {
		return nil, err
	}
	head := " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + b.secret + "\r\nContent-Type: application/scim+json\r\n"
	return &wire{Conn: conn, in: bufio.NewReaderSize(conn, 64<<10), head: head}, nil
}

// do makes one request and reads its answer.
func (w *wire) do(a ask) error {
	w.out = append(append(append(append(w.out[:0], a.method...), ' '), a.path...), w.head...)
	w.out = fmt.Appendf(w.out, "Content-Length: %d\r\n\r\n%s", len(a.body), a.body)
	if _, err := w.Write(w.out); err != nil {
		return err
	}
	response, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	w.content.Reset()
	if _, err := io.Copy(&w.content, response.Body); err != nil {
		return err
	}
	content := w.content.Bytes()
	if response.StatusCode != a.status || !bytes.Contains(content, []byte(a.holds)) {
		return fmt.Errorf("%s %s %s: %s %.500s", a.method, a.path, a.body, response.Status, content)
	}
	if a.answered != nil {
		a.answered(response.Header, content)
	}
	return nil
}
