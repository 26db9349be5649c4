package scimclient

// Profile is what is known about a kind of service beyond what it says of itself. Where both speak, the smaller limit counts.
type Profile struct {
	// Name is the word by which configurations name the profile, Title its name in sentences.
	Name, Title string
	// NoBulk: one by one, whatever the service says. Bulk are the limits of a service that is known to take bulks, nil if only the service
	// itself can say so.
	NoBulk bool
	Bulk   *BulkLimits
	// BulkKey is the member of a bulk request that holds the operations; "" for "Operations". FailOnErrors is sent if it is not 0.
	BulkKey      string
	FailOnErrors int
	// PageSize is how many resources a page holds at most, if the service does not say so.
	PageSize int
	// Cursor: lists are walked by cursor, whatever the service says.
	Cursor bool
	// NoSelection: attributes and excludedAttributes are not taken.
	NoSelection bool
	// MembersHidden: groups are answered without their members.
	MembersHidden bool
	// MaxMembers is how many members one PATCH may name.
	MaxMembers int
	// NoRename: userName stays what it was.
	NoRename bool
	// FilterBy are the only attributes that can be filtered by; a type that is missing can be filtered by any.
	FilterBy map[Type][]string
	// Required are attributes that have to have a value, whatever the schema says.
	Required map[Type][]string
	// Rates are the limits; each one counts the requests that it is about.
	Rates Rates
	// Concurrency is how many requests are under way at most.
	Concurrency int
}

// Rates are limits in requests per second; 0 for none of its own.
type Rates struct {
	// Start is the rate of all requests to begin with. What the service really allows is learnt: it goes down where the service asks for
	// patience and up where it does not.
	Start float64
	// Reads, Writes and Endpoint are published limits, which are never exceeded: of all GETs, of everything else, and of each kind of write
	// to each kind of resource.
	Reads, Writes, Endpoint float64
}

// Profiles lists the profiles: "generic", "webex", "aws", "github" and "slack".
//
// Sources: Webex: its OpenAPI description (webex-admin.json) and its page on rate limits, which gives no number. AWS IAM Identity Center:
// the developer guide of its SCIM implementation, pages limitations, listusers, listgroups, createuser, patchgroup; rates are not
// published. GitHub: REST API endpoints for SCIM of enterprises and the REST API's 5,000 requests an hour. Slack: docs.slack.dev, SCIM API
// rate limits, and its change of June 2019, which bounds pages.
func Profiles() []Profile {
	return []Profile{
		{
			Name: "generic", Title: "SCIM service",
			PageSize: 100, MaxMembers: 100, // some drop what is over a hundred without a word
			Rates: Rates{Start: 50}, Concurrency: 16,
		},
		{
			Name: "webex", Title: "Webex",
			Bulk: &BulkLimits{MaxOperations: 100, MaxPayload: 1 << 20}, BulkKey: "operations", FailOnErrors: 100,
			PageSize: 100, MaxMembers: 500, MembersHidden: true,
			Required: map[Type][]string{User: {"userName"}, Group: {"displayName"}},
			Rates:    Rates{Start: 25}, Concurrency: 16,
		},
		{
			Name: "aws", Title: "AWS IAM Identity Center",
			NoBulk: true, PageSize: 100, Cursor: true, NoSelection: true, MaxMembers: 100, MembersHidden: true, NoRename: true,
			FilterBy: map[Type][]string{User: {"userName", "externalId"}, Group: {"displayName", "externalId"}},
			Required: map[Type][]string{User: {"userName", "displayName", "name.givenName", "name.familyName"}, Group: {"displayName"}},
			Rates:    Rates{Start: 10}, Concurrency: 8,
		},
		{
			Name: "github", Title: "GitHub",
			NoBulk: true, PageSize: 100, MaxMembers: 100, NoRename: true,
			FilterBy: map[Type][]string{User: {"userName", "externalId", "id"}, Group: {"displayName", "externalId", "id"}},
			Required: map[Type][]string{User: {"userName", "externalId", "emails"}, Group: {"displayName", "externalId"}},
			Rates:    Rates{Start: 5000.0 / 3600}, Concurrency: 4,
		},
		{
			Name: "slack", Title: "Slack",
			NoBulk: true, PageSize: 1000, MaxMembers: 100, NoRename: true,
			Required: map[Type][]string{User: {"userName", "emails"}, Group: {"displayName"}},
			Rates:    Rates{Reads: 1000.0 / 60, Writes: 600.0 / 60, Endpoint: 180.0 / 60}, Concurrency: 8,
		},
	}
}

// ProfileNamed returns the profile of a name.
func ProfileNamed(name string) (Profile, bool) {
	for _, p := range Profiles() {
		if p.Name == name {
			return p, true
		}
	}
	return Profile{}, false
}
