// Package notifytest is a mail server for tests, on the loopback.
package notifytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	"net/mail"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"rollcall/internal/notify"
	"rollcall/internal/secret"
)

// Server is a mail server. Set its fields before Start, or, those behind the mutex, by its methods.
type Server struct {
	// TLS is what the server offers: STARTTLS, TLS from the first byte, or none.
	TLS notify.TLSMode
	// User and Password must be given to send; "" for a server that asks for neither.
	User, Password string

	t       testing.TB
	host    string
	port    int
	roots   *x509.CertPool
	pem     []byte
	mu      sync.Mutex
	refuses map[string]error
	busy    int
	got     []Mail
	arrived chan struct{}
	server  *smtp.Server
	// listener is that of the address.
	listener net.Listener
}

// Mail is one that the server took for one recipient.
type Mail struct {
	From, To string
	// Subject is decoded; ID is the Message-ID; Raw is the whole message.
	Subject, ID, Raw string
}

// Start makes a server listen until the test ends.
func Start(t testing.TB, s *Server) *Server {
	t.Helper()
	s.t, s.refuses, s.arrived = t, map[string]error{}, make(chan struct{}, 1)
	certificate := s.certificate()
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s, open: s.User == ""}, nil }))
	s.server.Domain, s.server.AllowInsecureAuth = "mail.test", true
	s.server.ErrorLog = quiet{}
	if s.TLS == notify.StartTLS {
		s.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.host, s.port, s.listener = address.Addr().String(), int(address.Port()), listener
	if s.TLS == notify.ImplicitTLS {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		_ = s.server.Serve(listener) // it ends because it is stopped
	})
	t.Cleanup(func() {
		s.Stop()
		serving.Wait()
	})
	return s
}

// Stop ends the server; nobody answers at its address any more.
func (s *Server) Stop() {
	// The listener too: a server that does not serve yet does not know it.
	for _, err := range []error{s.listener.Close(), s.server.Close()} {
		if err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.t.Error(err)
		}
	}
}

// Account sends by the server.
func (s *Server) Account() notify.Account {
	mode := s.TLS
	if mode == "" {
		mode = notify.NoTLS
	}
	return notify.Account{Host: s.host, Port: s.port, TLS: mode, User: s.User, Password: secret.Text(s.Password), From: "rollcall@example.com", Language: "en"}
}

// Roots are the authorities that the server's certificate comes from; PEM is the same as a file has it.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// PEM is Roots as a file has it.
func (s *Server) PEM() []byte { return s.pem }

// Refuse has the server answer a recipient so; nil lifts it.
func (s *Server) Refuse(recipient string, code int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuses[recipient] = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: text}
}

// Busy has the server put off so many mails, each with 451.
func (s *Server) Busy(times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = times
}

// Arrived tells that a mail came, once for those that came since it was looked at.
func (s *Server) Arrived() <-chan struct{} { return s.arrived }

// Mails are those that the server took, the first one first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Subjects are those of the mails, each with its recipient in front.
func (s *Server) Subjects() []string {
	var all []string
	for _, m := range s.Mails() {
		all = append(all, m.To+": "+m.Subject)
	}
	return all
}

type session struct {
	server   *Server
	open     bool
	from, to string
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.User || password != s.server.Password {
			return smtp.ErrAuthFailed
		}
		s.open = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.open {
		return smtp.ErrAuthRequired
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.busy > 0 {
		s.server.busy--
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "try again later"}
	}
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.to = to
	return s.server.refuses[to]
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.got = append(s.server.got, Mail{From: s.from, To: s.to, Subject: subject, ID: parsed.Header.Get("Message-ID"), Raw: string(raw)})
	select {
	case s.server.arrived <- struct{}{}:
	default:
	}
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() {}

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

// certificate makes one for the loopback, and its authority.
func (s *Server) certificate() tls.Certificate {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now() //nolint:forbidigo // certificates are checked by the machine's clock
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	s.roots = x509.NewCertPool()
	s.roots.AddCert(parsed)
	s.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

type quiet struct{}

// Printf implements smtp.Logger: what clients do that break off is what tests are about.
func (quiet) Printf(string, ...any) {}

// Println implements smtp.Logger.
func (quiet) Println(...any) {}
