package notify

import (
	"time"

	"rollcall/internal/ident"
)

// Kind is what a mail is about.
type Kind string

// The kinds.
const (
	// QuarantineBegun and QuarantineChanged: an instance went into quarantine, or is in it for another reason (D11).
	QuarantineBegun   Kind = "quarantine-begun"
	QuarantineChanged Kind = "quarantine-changed"
	// Disabled: it was disabled after 28 days of that.
	Disabled Kind = "disabled"
	// Held: removals wait for approval (D15).
	Held Kind = "held"
	// CredentialEnds: a secret, certificate or token ends (B4).
	CredentialEnds Kind = "credential-ends" //nolint:gosec // a word, not a credential
	// Overdue: there was no good run in three intervals (D20).
	Overdue Kind = "overdue"
	// Test was asked for by somebody.
	Test Kind = "test"
)

// Event is something that people are told.
type Event struct {
	OrgID ident.ID
	// Key tells the event apart from all others of the organization, for ever: told twice, it is one mail.
	Key  string
	Kind Kind
	// To are the addresses.
	To    []string
	Facts Facts
}

// Facts are what a mail says, in no language. They hold no secrets and nothing about single people.
type Facts struct {
	// Instance and Tenant are names.
	Instance string `json:"instance,omitempty"`
	Tenant   string `json:"tenant,omitempty"`
	// Code, Reason and Remedy say why runs fail, as the server's faults do.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	// Since is since when.
	Since time.Time `json:"since,omitzero"`
	// Credential is the sort of what ends, such as api-token, Name its name, Ends when, and Notice how near that is: 30d, 7d or 1d.
	Credential string    `json:"credential,omitempty"`
	Notice     string    `json:"notice,omitempty"`
	Name       string    `json:"name,omitempty"`
	Ends       time.Time `json:"ends,omitzero"`
	// Users, Groups and Members count what is held.
	Users   int `json:"users,omitempty"`
	Groups  int `json:"groups,omitempty"`
	Members int `json:"members,omitempty"`
	// Path leads to the page where something can be done, below the server's address.
	Path string `json:"path,omitempty"`
}

// MailState is how far a mail is.
type MailState string

// The states of a mail.
const (
	Waiting MailState = "waiting"
	Sent    MailState = "sent"
	// Refused: the mail server does not take it for this recipient; GivenUp: tried for three days.
	Refused MailState = "refused"
	GivenUp MailState = "given-up"
)

// Mail is a row of the outbox: one event for one recipient.
type Mail struct {
	ID    ident.ID
	OrgID ident.ID
	Key   string
	Kind  Kind
	To    string
	Facts Facts
	State MailState
	// Attempts were made; the next one is due at NextAt.
	Attempts  int
	NextAt    time.Time
	CreatedAt time.Time
	// SettledAt is when the state became another one than Waiting. Answer is what the mail server said last.
	SettledAt time.Time
	Answer    string
}

// longestTry is for how long a mail is tried; attempts follow each other by the delays, the last of which repeats.
const longestTry = 3 * 24 * time.Hour

func delays() []time.Duration {
	return []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
	}
}

// delay is how long after so many attempts the next one follows.
func delay(attempts int) time.Duration {
	steps := delays()
	return steps[min(max(attempts, 1), len(steps))-1]
}

// keptFor is how long mails stay in the outbox after they were settled.
const keptFor = 30 * 24 * time.Hour
