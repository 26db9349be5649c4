package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"sync"
	"time"

	mail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// answerTime is how long a mail server may take for each answer.
const answerTime = 20 * time.Second

// letterTo is a message on its way.
type letterTo struct {
	Message
	to, id string
	at     time.Time
}

// post hands a message to the account's mail server, and returns what it answered at the end. Errors are faults (refusal). What fails after the server
// has taken the message is no error.
func (a Account) post(ctx context.Context, letter letterTo, roots *x509.CertPool) (string, error) {
	message, err := a.compose(letter)
	if err != nil {
		return "", err
	}
	way := &wire{account: a, tls: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: a.Host, RootCAs: roots}}
	defer way.close()
	stop := context.AfterFunc(ctx, way.close)
	defer stop()
	client, err := a.dial(ctx, way)
	if err != nil {
		return "", a.refusal(err, way.step())
	}
	step, answer, err := converse(client, a.From, letter.to, message)
	if err != nil {
		return "", a.refusal(err, step)
	}
	_ = client.Quit() // the server has the message
	return oneLine(answer), nil
}

// converse has the server take the message; a failure is told with the step at which it came.
func converse(client *smtp.Client, from, to string, message *mail.Msg) (step, string, error) {
	if err := errors.Join(client.UpdateDeadline(answerTime), client.Mail(from)); err != nil {
		return stepSender, "", err
	}
	if err := errors.Join(client.UpdateDeadline(answerTime), client.Rcpt(to)); err != nil {
		return stepRecipient, "", err
	}
	if err := client.UpdateDeadline(answerTime); err != nil {
		return stepContent, "", err
	}
	content, err := client.Data()
	if err != nil {
		return stepContent, "", err
	}
	if _, err := message.WriteTo(content); err != nil {
		return stepContent, "", err
	}
	if err := errors.Join(client.UpdateDeadline(answerTime), content.Close()); err != nil {
		return stepContent, "", err
	}
	if closed, ok := content.(*smtp.DataCloser); ok {
		return stepContent, "250 " + closed.ServerResponse(), nil // the client leaves the code out
	}
	return stepContent, "", nil
}

// dial connects and signs in.
func (a Account) dial(ctx context.Context, way *wire) (*smtp.Client, error) {
	policy := mail.NoTLS // the wire does what is to be done
	ways := []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc, mail.SMTPAuthCramMD5}
	if a.TLS == StartTLS {
		policy = mail.TLSMandatory
		ways = []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5}
	}
	options := []mail.Option{
		mail.WithPort(a.Port), mail.WithTimeout(answerTime), mail.WithTLSConfig(way.tls), mail.WithTLSPolicy(policy), mail.WithDialContextFunc(way.dial), mail.WithoutSMTPUTF8(),
	}
	if a.User != "" {
		options = append(options, mail.WithUsername(a.User), mail.WithPassword(a.Password.Reveal()), mail.WithOpportunisticSMTPAuth(ways...))
	}
	client, err := mail.NewClient(a.Host, options...)
	if err != nil {
		return nil, err
	}
	return client.DialToSMTPClientWithContext(ctx)
}

// compose builds the message: plain text, and the same as HTML.
func (a Account) compose(letter letterTo) (*mail.Msg, error) {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(message.FromFormat("Rollcall", a.From), message.To(letter.to)); err != nil {
		return nil, err
	}
	message.Subject(letter.Subject)
	message.SetMessageIDWithValue(letter.id)
	message.SetDateWithValue(letter.at)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence is answered to it
	message.SetBodyString(mail.TypeTextPlain, letter.Text)
	message.AddAlternativeString(mail.TypeTextHTML, letter.HTML)
	return message, nil
}

// wire is the connection to a mail server, which is closed whatever happens: also when the client gives up half-way.
type wire struct {
	account Account
	tls     *tls.Config

	mu     sync.Mutex
	conn   net.Conn
	secure bool
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: answerTime}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.keep(conn, false)
	if w.account.TLS != ImplicitTLS {
		return conn, nil
	}
	secured := tls.Client(conn, w.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	w.keep(secured, true)
	return secured, nil
}

func (w *wire) keep(conn net.Conn, secure bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.secure = conn, secure
}

// step is how far a dial came that failed.
func (w *wire) step() step {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.conn == nil:
		return stepConnect
	case w.account.TLS == ImplicitTLS && !w.secure:
		return stepTLS
	}
	return stepSignIn // or STARTTLS before it
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		_ = w.conn.Close() // perhaps a second time
	}
}
