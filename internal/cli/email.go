package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/notify"
)

type emailCommands struct {
	Show emailShowCommand `cmd:"" help:"Show how mail is sent."`
	Set  emailSetCommand  `cmd:"" help:"Use a mail server of the organization's own, or the server's again."`
	Test emailTestCommand `cmd:"" help:"Send a test message, and say what the mail server answered."`
	List emailListCommand `cmd:"" help:"List mails of the last thirty days and what became of them."`
}

type emailShowCommand struct{ remote }

// Help gives an example.
func (emailShowCommand) Help() string { return "Example: rollcall email show" }

// Run shows the settings.
func (c *emailShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	var email api.Email
	if err := server.get(ctx, server.here("email"), nil, &email); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, email)
	}
	return showEmail(in.stdout, email)
}

func showEmail(w io.Writer, email api.Email) error {
	source := map[string]string{
		notify.SourceOrganization: "the organization's own", notify.SourceServer: "the server's",
		notify.SourceNone: "none; set one with `rollcall email set`, or with the server (rollcall serve --smtp-host)",
	}[email.Source]
	port, password := "", ""
	if email.Source == notify.SourceOrganization {
		port, password = strconv.Itoa(email.Port), "none"
		if email.PasswordSet {
			password = "kept, sealed"
		}
	}
	own := "allowed"
	if !email.OwnAllowed {
		own = "forbidden by whoever runs the server"
	}
	return facts(
		w, "Mail server", source, "Host", email.Host, "Port", port, "TLS", string(email.TLS), "User", email.User, "Password", password, "From", email.From,
		"Language", email.Language, "Own mail servers", own,
	)
}

type emailSetCommand struct {
	remote
	Host         *string `help:"Mail server, such as smtp.example.com." placeholder:"HOST"`
	Port         *int    `help:"Its port; the usual one of the TLS mode if never told." placeholder:"N"`
	TLS          *string `enum:"starttls,implicit,none" help:"starttls, implicit, or none for a mail server on the same machine." placeholder:"MODE"`
	User         *string `help:"User to sign in as; empty for none." placeholder:"NAME"`
	PasswordFile string  `help:"File that holds the user's password; - reads it from standard input." placeholder:"FILE"`
	From         *string `help:"Sender's address." placeholder:"ADDRESS"`
	Language     *string `enum:"en,fr" help:"Language of mails: en or fr." placeholder:"TAG"`
	UseServer    bool    `help:"Use the server's mail server, and forget the organization's own." xor:"own"`
}

// Help gives an example.
func (emailSetCommand) Help() string {
	return "Example: rollcall email set --host smtp.example.com --user rollcall --password-file password.txt --from rollcall@example.com\n\n" +
		"What is not said stays as it is. Another host, port, TLS mode or user needs the password again."
}

// Run changes the settings.
func (c *emailSetCommand) Run(ctx context.Context, in *invocation) error {
	patch := api.EmailPatch{Host: c.Host, Port: c.Port, User: c.User, From: c.From, Language: c.Language}
	if c.TLS != nil {
		mode := notify.TLSMode(*c.TLS)
		patch.TLS = &mode
	}
	if c.UseServer {
		if c.Host != nil {
			return fault.New(fault.Invalid, "Usage", "--use-server and --host cannot be used together")
		}
		none := ""
		patch.Host = &none
	}
	if c.PasswordFile != "" {
		password, err := readPassword(in, c.PasswordFile)
		if err != nil {
			return err
		}
		patch.Password = &password
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	var email api.Email
	if err := server.call(ctx, http.MethodPatch, server.here("email"), nil, patch, &email); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, email)
	}
	if err := showEmail(in.stdout, email); err != nil {
		return err
	}
	in.say("Try it: rollcall email test ADDRESS")
	return nil
}

// readPassword is readSecret for the password of a mail server.
func readPassword(in *invocation, file string) (string, error) {
	password, err := readSecret(in, file)
	if f := fault.Of(err); f != nil {
		return "", fault.New(f.Kind, "PasswordFile", "%s holds no password", file).WithRemedy("It needs one line with the password.")
	}
	return password, err
}

type emailTestCommand struct {
	remote
	To string `arg:"" help:"Address that gets the message."`
}

// Help gives an example.
func (emailTestCommand) Help() string { return "Example: rollcall email test operations@example.com" }

// Run sends a test message.
func (c *emailTestCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	var tested api.EmailTested
	if err := server.call(ctx, http.MethodPost, server.here("email", "test"), nil, api.EmailTest{To: c.To}, &tested); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, tested)
	}
	_, err = fmt.Fprintf(in.stdout, "The mail server took a message to %s: %s\n", printable(tested.To), printable(tested.Answer))
	return err
}

type emailListCommand struct{ remote }

// Help gives an example.
func (emailListCommand) Help() string { return "Example: rollcall email list" }

// Run lists mails.
func (c *emailListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	mails, err := list[api.EmailMessage](ctx, server, server.here("email", "messages"), nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, mails)
	}
	out := newTable("SINCE", "ABOUT", "WHAT", "TO", "STATE", "TRIES", "NEXT", "ANSWER")
	for _, mail := range mails {
		out.add(short(mail.CreatedAt), mail.About, string(mail.Kind), mail.To, string(mail.State), strconv.Itoa(mail.Attempts), short(mail.NextAt), mail.Answer)
	}
	return out.write(in.stdout, in.columns(), "There is no mail.")
}
