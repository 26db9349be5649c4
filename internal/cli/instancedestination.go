package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

type instanceTestDestinationCommand struct {
	remote
	Name string `arg:"" optional:"" help:"Name or id of an instance whose remote service is asked; without it, the service of the flags."`
	destinationFlags
}

// Help gives an example.
func (instanceTestDestinationCommand) Help() string {
	return "Example: rollcall instance test-destination Contoso\n" +
		"Example: rollcall instance test-destination --destination-url https://scim.example.com/v2 --destination-secret-file token.txt\n\n" +
		"Asks the service what it offers and reads a page of its users with the credential. Nothing is stored."
}

// Run asks the service.
func (c *instanceTestDestinationCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	if (c.Name == "") == (c.DestinationURL == "") {
		return fault.New(fault.Invalid, "OneDestination", "one destination is tested: that of an instance, or that of --destination-url")
	}
	path, body := server.here("destinations", "test"), any(nil)
	if c.Name != "" {
		instance, err := server.instance(ctx, c.Name)
		if err != nil {
			return err
		}
		path = server.here("instances", instance.ID.String(), "destination", "test")
	} else if body, err = c.destination(in); err != nil {
		return err
	}
	var offer api.Offer
	if err := server.call(ctx, http.MethodPost, path, nil, body, &offer); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, offer)
	}
	if _, err := io.WriteString(in.stdout, "The service answers, and takes the credential.\n"); err != nil {
		return err
	}
	return facts(in.stdout, offerFacts(offer)...)
}

type instanceRenewDestinationCommand struct {
	remote
	Name       string `arg:"" help:"Name or id of the instance."`
	SecretFile string `help:"File that holds the new token, or, where tokens are got elsewhere, the new client secret; - reads it from standard input." placeholder:"FILE" required:""`
}

// Help gives an example.
func (instanceRenewDestinationCommand) Help() string {
	return "Example: rollcall instance renew-destination-secret Contoso --secret-file token.txt\n\n" +
		"The new secret is tried first; what the service refuses replaces nothing. All instances that write to the service use it."
}

// Run replaces the secret of the remote service.
func (c *instanceRenewDestinationCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	secret, err := readSecret(in, c.SecretFile)
	if err != nil {
		return err
	}
	var offer api.Offer
	path := server.here("instances", instance.ID.String(), "destination", "secret")
	if err := server.call(ctx, http.MethodPost, path, nil, api.DestinationSecret{Secret: secret}, &offer); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, offer)
	}
	_, err = fmt.Fprintf(in.stdout, "The service of %s took the new secret, which replaces the old one.\n", printable(instance.Name))
	return err
}

// offerFacts tells what a service offers, as pairs of name and value.
func offerFacts(offer api.Offer) []string {
	var objects []string
	if offer.Users {
		objects = append(objects, "users")
	}
	if offer.Groups {
		objects = append(objects, "groups")
	}
	changes := "PUT"
	if offer.Patch {
		changes = "PATCH"
	}
	changes += ", one by one"
	if offer.BulkOperations > 0 {
		changes = strings.TrimSuffix(changes, ", one by one") + fmt.Sprintf(", bulks of %d", offer.BulkOperations)
	}
	pages := fmt.Sprintf("%d a page", offer.MaxResults)
	if offer.CursorPaging {
		pages += ", by cursor"
	}
	members := fmt.Sprintf("%d in one request", offer.MaxMembers)
	if !offer.MembersTold {
		members += ", not told"
	}
	names := "can be changed"
	if !offer.Rename {
		names = "stay as they are"
	}
	return []string{
		"Objects", strings.Join(objects, ", "), "Changes", changes, "Lists", pages, "Members", members, "Names", names, "Service says", notesText(&offer),
	}
}

// notesText is what a service left unsaid or says wrongly; "" where nobody asked it yet.
func notesText(offer *api.Offer) string {
	if offer == nil {
		return ""
	}
	if len(offer.Notes) == 0 {
		return "all that is needed"
	}
	return strings.Join(offer.Notes, " ")
}
