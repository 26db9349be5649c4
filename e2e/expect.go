package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Person is a user of the tenant as its control API shows him.
type Person map[string]any

func (p Person) text(property string) string { text, _ := p[property].(string); return text }

// People reads everybody of the tenant: those alive and those in the recycle bin.
func (t *Tenant) People(ctx context.Context) ([]Person, error) {
	var people []Person
	for _, state := range []string{"live", "deleted"} {
		for offset := 0; ; offset += 1000 {
			var page struct {
				Users []Person `json:"users"`
			}
			err := t.Control.Do(ctx, http.MethodGet, fmt.Sprintf("/sim/users?state=%s&limit=1000&offset=%d", state, offset), nil, &page)
			if err != nil {
				return nil, err
			}
			if people = append(people, page.Users...); len(page.Users) < 1000 {
				break
			}
		}
	}
	return people, nil
}

// User is a user of the directory as the API tells him.
type User struct {
	UserName   string    `json:"userName"`
	Active     bool      `json:"active"`
	State      string    `json:"state"`
	DeletedAt  time.Time `json:"deletedAt"`
	ExternalID string    `json:"externalId"`
	Managed    bool      `json:"managed"`
	Owner      *struct {
		ID string `json:"id"`
	} `json:"owner"`
	Attributes map[string]any `json:"attributes"`
}

// Expected is what the directory must hold of one person.
type Expected struct {
	Active, Deleted bool
	// Attributes by SCIM path, without those that say the same as the fields.
	Attributes map[string]string
	// Lax leaves to chance what depends on which of the tenant's states were read: whether a person who was blocked soon after he
	// was hired was created at all, how somebody deleted was called at last, and whether a purge was seen: if not, the person stays Inactive
	// until thirty days are over.
	Lax bool
}

// Model works out what the directory must hold, from the tenant alone and from the words of the requirements: it shares no code with the
// program.
type Model struct {
	people map[string]Expected
	// alive are the people of the last state who are neither deleted nor purged, away those who were one or the other at any time.
	alive, away map[string]bool
	// Lax makes what follows lax, as the fault test needs it: there a read may miss a state in between.
	Lax bool
}

// attributesOf are the default mappings of single texts: property of Graph, attribute of the directory. The control API calls the state of
// an address region.
var attributesOf = map[string]string{
	"userPrincipalName": "userName",
	"displayName":       "displayName",
	"surname":           "name.familyName",
	"givenName":         "name.givenName",
	"id":                "externalId",
	"jobTitle":          "title",
	"usageLocation":     `addresses[type eq "work"].country`,
	"city":              `addresses[type eq "work"].locality`,
	"streetAddress":     `addresses[type eq "work"].streetAddress`,
	"region":            `addresses[type eq "work"].region`,
	"postalCode":        `addresses[type eq "work"].postalCode`,
	"mobilePhone":       `phoneNumbers[type eq "mobile"].value`,
	"faxNumber":         `phoneNumbers[type eq "fax"].value`,
	"manager":           managerPath,
}

const (
	managerPath = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
	phonePath   = `phoneNumbers[type eq "work"].value`
)

// Follow takes over a state of the tenant that the directory has read completely.
func (m *Model) Follow(people []Person) {
	before := m.people
	m.people = make(map[string]Expected, len(people))
	left := m.alive
	m.alive = make(map[string]bool, len(people))
	for _, person := range people {
		id := person.text("id")
		known, isKnown := before[id]
		deleted, active := person.text("state") == "deleted", person["accountEnabled"] == true
		if !deleted {
			m.alive[id] = true
			delete(left, id)
		}
		switch {
		case person.text("userType") == "Guest":
		case deleted && isKnown:
			m.people[id] = known.inBin(id, m.Lax)
		case !deleted && (isKnown || active):
			m.people[id] = Expected{Active: active, Attributes: known.attributes(person), Lax: m.Lax && !active}
		}
	}
	for id, known := range before {
		if _, is := m.people[id]; !is && m.Lax && !m.alive[id] {
			m.people[id] = known.inBin(id, true)
		}
	}
	if m.away == nil {
		m.away = make(map[string]bool)
	}
	maps.Copy(m.away, left)
}

// attributes are those of the person; what he does not have now stays as it was, since the mappings do not clear.
func (e Expected) attributes(person Person) map[string]string {
	attributes := make(map[string]string, 16)
	maps.Copy(attributes, e.Attributes)
	for property, path := range attributesOf {
		if value := person.text(property); value != "" {
			attributes[path] = value
		}
	}
	if phones, ok := person["businessPhones"].([]any); ok && len(phones) > 0 {
		attributes[phonePath] = fmt.Sprint(phones[0])
	}
	return attributes
}

// inBin is what becomes of a person in the recycle bin.
func (e Expected) inBin(id string, lax bool) Expected {
	if e.Deleted {
		return e
	}
	next := Expected{Deleted: true, Attributes: maps.Clone(e.Attributes), Lax: lax}
	next.Attributes["userName"] = strings.ReplaceAll(id, "-", "") + e.Attributes["userName"]
	return next
}

// Compare says in which ways the directory differs from what is expected, at most limit of them.
func (m *Model) Compare(users []User, instance string, limit int) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	seen := make(map[string]bool, len(users))
	for _, user := range users {
		want, expected := m.people[user.ExternalID]
		switch {
		case seen[user.ExternalID]:
			say("%s is there twice, at last as %s", user.ExternalID, user.UserName)
		case !expected:
			say("%s (%s) should not be there", user.UserName, user.ExternalID)
		case !user.Managed || user.Owner == nil || user.Owner.ID != instance:
			say("%s does not belong to the instance", user.UserName)
		case user.Active != want.Active || (user.State == "Deleted") != want.Deleted || user.DeletedAt.IsZero() == want.Deleted:
			say("%s is %s, active %v, deleted at %s; should be active %v, deleted %v", user.UserName, user.State, user.Active, user.DeletedAt, want.Active, want.Deleted)
		default:
			wrong = append(wrong, m.differences(user, want)...)
		}
		seen[user.ExternalID] = true
	}
	for id, want := range m.people {
		if !seen[id] && !want.Lax {
			say("%s (%s) is missing", want.Attributes["userName"], id)
		}
	}
	slices.Sort(wrong)
	if len(wrong) > limit {
		wrong = append(wrong[:limit], fmt.Sprintf("and %d more", len(wrong)-limit))
	}
	return wrong
}

// differences compares the attributes of one user.
func (m *Model) differences(user User, want Expected) []string {
	if want.Lax && want.Deleted {
		if !strings.HasPrefix(user.UserName, strings.ReplaceAll(user.ExternalID, "-", "")) {
			return []string{user.UserName + " is deleted and was not renamed"}
		}
		return nil
	}
	got := make(map[string]string, len(user.Attributes))
	for path, value := range user.Attributes {
		if path != "active" && path != "deletedAt" {
			got[path] = fmt.Sprint(value)
		}
	}
	// That somebody's manager went to the recycle bin or came back is not told as a change of his people, and a manager in the bin is
	// left out when they are told again.
	if manager := want.Attributes[managerPath]; manager != "" && (m.away[manager] || !m.alive[manager]) {
		delete(got, managerPath)
		want.Attributes = maps.Clone(want.Attributes)
		delete(want.Attributes, managerPath)
	}
	if maps.Equal(got, want.Attributes) {
		return nil
	}
	gotText, _ := json.Marshal(got)              //nolint:errchkjson // a map of texts
	wantText, _ := json.Marshal(want.Attributes) //nolint:errchkjson // a map of texts
	return []string{fmt.Sprintf("%s holds\n\t%s\nand should hold\n\t%s", user.UserName, gotText, wantText)}
}

// Change is a line of the journal.
type Change struct {
	Action   string         `json:"action"`
	State    string         `json:"state"`
	SourceID string         `json:"sourceId"`
	After    map[string]any `json:"after"`
	Reason   struct {
		Code string `json:"code"`
		Text string `json:"text"`
	} `json:"reason"`
}

// line is the change without what differs from one server to the next: ids of objects, and when somebody was seen to be deleted.
func (c Change) line() string {
	after := maps.Clone(c.After)
	if after["deletedAt"] != nil {
		after["deletedAt"] = "then"
	}
	text, _ := json.Marshal(after) //nolint:errchkjson // came from JSON
	return fmt.Sprintf("%s %s %s: %s %s", c.SourceID, c.Action, c.State, c.Reason.Code, text)
}

// Beyond lists the lines of a journal that another one lacks, or has less often.
func Beyond(journal, other []Change) []string {
	left := make(map[string]int, len(other))
	for _, change := range other {
		left[change.line()]++
	}
	var beyond []string
	for _, change := range journal {
		line := change.line()
		if left[line]--; left[line] < 0 {
			beyond = append(beyond, line)
		}
	}
	slices.Sort(beyond)
	return beyond
}

// Users reads the whole directory.
func (s *Server) Users(ctx context.Context) ([]User, error) {
	return List[User](ctx, s.API, organization+"/users")
}

// Journal reads all changes of the instance, in the order in which they were planned.
func (s *Server) Journal(ctx context.Context, instance string) ([]Change, error) {
	return List[Change](ctx, s.API, organization+"/changes?instance="+instance)
}
