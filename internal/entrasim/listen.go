package entrasim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// listeners are the open ports of a server.
type listeners struct {
	mu          sync.Mutex
	plain, safe net.Listener
	server      *http.Server
	stop        func() bool
	done        sync.WaitGroup
	certificate certificate
}

var errStarted = errors.New("the simulated tenant is listening already")

// Start listens on two free ports of 127.0.0.1, one for HTTP and one for HTTPS, until ctx ends or Close is called.
func (s *Server) Start(ctx context.Context) error {
	return s.Listen(ctx, "127.0.0.1:0", "127.0.0.1:0")
}

// Listen listens on the given addresses and returns; an empty httpsAddress means no HTTPS. The tenant is served until ctx
// ends or Close is called. It needs HTTPS only for Microsoft's token libraries, which refuse http.
func (s *Server) Listen(ctx context.Context, httpAddress, httpsAddress string) error {
	s.ready()
	l := &s.started
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server != nil {
		return errStarted
	}
	var config net.ListenConfig
	plain, err := config.Listen(ctx, "tcp", httpAddress)
	if err != nil {
		return fmt.Errorf("listen for the simulated tenant: %w", err)
	}
	l.plain = plain
	l.server = &http.Server{
		Handler: s, ReadHeaderTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	if httpsAddress != "" {
		inner, err := config.Listen(ctx, "tcp", httpsAddress)
		if err != nil {
			l.server = nil
			return errors.Join(fmt.Errorf("listen for the simulated tenant: %w", err), plain.Close())
		}
		leaf := s.certificate().leaf
		l.safe = tls.NewListener(inner, &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{leaf}, NextProtos: []string{"http/1.1"},
		})
	}
	for _, open := range []net.Listener{l.plain, l.safe} {
		if open != nil {
			l.done.Go(func() {
				_ = l.server.Serve(open) // ends with ErrServerClosed, always
			})
		}
	}
	l.stop = context.AfterFunc(ctx, func() { _ = l.server.Close() })
	return nil
}

// Serve is Listen that returns when ctx has ended, without an error, or when Close was called.
func (s *Server) Serve(ctx context.Context, httpAddress, httpsAddress string) error {
	if err := s.Listen(ctx, httpAddress, httpsAddress); err != nil {
		return err
	}
	s.started.done.Wait()
	return nil
}

// Close stops listening, cuts open connections and waits for the listeners to end. The data stay, but a closed server cannot be started again.
func (s *Server) Close() error {
	l := &s.started
	l.mu.Lock()
	server, stop := l.server, l.stop
	l.mu.Unlock()
	if server == nil {
		return nil
	}
	stop()
	err := server.Close()
	l.done.Wait()
	return err
}

// URL is the address of the tenant over HTTP, such as http://127.0.0.1:8481, once it listens; "" before. Graph, login
// and control share it. It has no path and no slash at its end: Graph is below URL()+"/v1.0/".
func (s *Server) URL() string {
	plain, _ := s.started.addresses()
	return plain
}

// HTTPSURL is URL over HTTPS, "" if there is no such listener.
func (s *Server) HTTPSURL() string {
	_, safe := s.started.addresses()
	return safe
}

func (l *listeners) addresses() (plain, safe string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.plain != nil {
		plain = "http://" + l.plain.Addr().String()
	}
	if l.safe != nil {
		safe = "https://" + l.safe.Addr().String()
	}
	return plain, safe
}

// isOwnAddress tells whether a resource in a scope is this server, by the name used in the request or by its own.
func (s *Server) isOwnAddress(resource, host string) bool {
	u, err := url.Parse(resource)
	if err != nil || u.Host == "" {
		return false
	}
	plain, safe := s.started.addresses()
	return strings.EqualFold(u.Host, host) || strings.HasSuffix(plain, "://"+u.Host) || strings.HasSuffix(safe, "://"+u.Host)
}
