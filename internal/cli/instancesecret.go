package cli

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

type instanceRenewSecretCommand struct {
	remote
	Name             string `arg:"" help:"Name or id of the instance."`
	ClientSecretFile string `help:"File that holds the new secret's value; - reads it from standard input." placeholder:"FILE" required:""`
	secretEnd
	ClientID string `help:"Application (client) ID of another app registration in the same tenant, if the former one was lost." placeholder:"ID"`
}

// secretEnd is the flag that says when a client secret ends.
type secretEnd struct {
	SecretExpires string `help:"Day on which the secret ends, as Entra shows it, such as 2027-11-30; announced 30, 7 and 1 day before." placeholder:"DATE"`
}

// time returns the moment; zero if nothing is said.
func (e secretEnd) time() (time.Time, error) {
	if e.SecretExpires == "" {
		return time.Time{}, nil
	}
	at, err := parseMoment(e.SecretExpires)
	if err != nil {
		return at, fault.New(fault.Invalid, "SecretExpires", "--secret-expires %q is not a date", e.SecretExpires).
			WithRemedy("Write it like 2027-11-30, or with a time like 2027-11-30T12:00:00Z.")
	}
	return at, nil
}

// parseMoment reads a day, from its begin in UTC, or a time (RFC 3339).
func parseMoment(text string) (time.Time, error) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	return time.Parse(time.RFC3339, text)
}

// Help gives an example.
func (instanceRenewSecretCommand) Help() string {
	return "Example: rollcall instance renew-secret Contoso --client-secret-file secret.txt --secret-expires 2027-11-30\n\n" +
		"With Auto Sync on a run starts at once. Instances of the same tenant and app share the secret."
}

// Run replaces the secret.
func (c *instanceRenewSecretCommand) Run(ctx context.Context, in *invocation) error {
	ends, err := c.time()
	if err != nil {
		return err
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	secret, err := readSecret(in, c.ClientSecretFile)
	if err != nil {
		return err
	}
	patch := api.InstancePatch{ClientSecret: &secret}
	if !ends.IsZero() {
		patch.SecretExpiresAt = &ends
	}
	if c.ClientID != "" {
		patch.ClientID = &c.ClientID
	}
	if err := server.call(ctx, http.MethodPatch, server.here("instances", instance.ID.String()), nil, patch, &instance); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, instance)
	}
	next := "a run starts at once"
	if !instance.AutoSync {
		next = "Auto Sync is off, so nothing runs by itself"
	}
	if _, err := fmt.Fprintf(in.stdout, "Instance %s has the new secret; %s.\n", printable(instance.Name), next); err != nil {
		return err
	}
	if ends.IsZero() {
		in.say("It is not known when the secret ends, so nobody will be told ahead; say it with --secret-expires.")
	}
	return nil
}

// jobWords is a job status as people read it.
func jobWords(job engine.JobStatus) string {
	if job == engine.StatusWaitingForConsent {
		return "Waiting for consent"
	}
	return string(job)
}

// warnOf says which credentials of an instance end.
func (in *invocation) warnOf(instance api.Instance) {
	for _, warning := range instance.Status.Warnings {
		in.say("Warning: %s: %s. %s", printable(instance.Name), printable(warning.Message), warning.Remedy)
	}
}
