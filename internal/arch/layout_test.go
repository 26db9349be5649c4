package arch_test

// entry is one row of the layout: a package under internal/, and what it is for.
type entry struct {
	path     string // below internal/
	sentence string // what "Package x" goes on with, after at most one verb; "it" and "it is" may follow a semicolon
	pure     bool   // no I/O, no clock, no randomness: same input, same output
}

// layout lists the packages in their order: a package imports only packages listed before it. A package may be listed before it
// exists; it may not exist before it is listed.
var layout = []entry{
	// words
	{path: "fault", sentence: "classifies errors by what the caller can do about them"},
	{path: "ident", sentence: "identifiers: time-ordered, sixteen bytes in the database, text everywhere else"},
	{path: "clock", sentence: "tells the time, the machine's or a simulated tenant's"},
	{path: "attr", sentence: "the attribute paths and values that mirror, mappings and destinations share"},
	{path: "secret", sentence: "seals credentials at rest and keeps them out of logs"},
	{path: "audit", sentence: "describes who changed what, when and from where"},
	{path: "scim", sentence: "SCIM 2.0 words: schemas, filters, paths, patches, errors"},
	// rules
	{path: "dotnet", sentence: "reads and writes dates and regular expressions as .NET does", pure: true},
	{path: "expr", sentence: "the mapping expression language: parse, check, evaluate", pure: true},
	{path: "source", sentence: "names the attributes of tenant users and reads them from the mirror's records", pure: true},
	{path: "scope", sentence: "decides who is in scope, and says why", pure: true},
	{path: "mapping", sentence: "makes the wanted destination record from a tenant record", pure: true},
	{path: "entraschema", sentence: "reads and writes Entra's synchronization schema: attribute mappings and scoping filters as Graph's JSON", pure: true},
	{path: "plan", sentence: "compares wanted with current and lists the changes, each with its reason; orders them; checks the guard", pure: true},
	// wires
	{path: "outbound", sentence: "waits as long as other people's servers ask for"},
	{path: "graph", sentence: "a client for the parts of Microsoft Graph that we use"},
	{path: "scimclient", sentence: "calls a remote SCIM service"},
	{path: "scimclient/elimitytest", sentence: "a SCIM service that others wrote, to try clients on"},
	{path: "sso", sentence: "signs people in by OIDC or SAML"},
	{path: "notify", sentence: "sends e-mail about what needs somebody's attention"},
	{path: "notify/notifytest", sentence: "a mail server for tests, on the loopback"},
	// state
	{path: "directory", sentence: "users, groups, workspaces, domains, archive and the rules of their lives; the only door for writes"},
	{path: "mirror", sentence: "the local copy of a tenant, filled page by page"},
	// motion
	{path: "destination", sentence: "where changes go"},
	{path: "destination/destinationtest", sentence: "the suite that every destination passes"},
	{path: "destination/orgdir", sentence: "writes changes to the built-in directory"},
	{path: "destination/scimapp", sentence: "writes changes to a remote SCIM service"},
	{path: "engine", sentence: "runs: pull, plan, guard, apply; schedule, quarantine, approvals, reports"},
	{path: "store", sentence: "keeps everything in SQLite, in statements that PostgreSQL runs too; implements what directory, mirror and engine ask for"},
	{path: "store/storetest", sentence: "the suite that every database passes"},
	{path: "jobs", sentence: "runs the engine's work once, on one of the nodes"},
	// faces
	{path: "inbound", sentence: "takes requests in: the address of a client behind proxies, the status of an answer"},
	{path: "ratelimit", sentence: "lets each bearer of a credential make so many requests in a second"},
	{path: "oauth", sentence: "gives programs access tokens for what they know or what others sign for them"},
	{path: "scimserver", sentence: "serves a directory over SCIM"},
	{path: "api", sentence: "the HTTP API, described by OpenAPI"},
	{path: "console", sentence: "the administrators' web pages"},
	// whole
	{path: "config", sentence: "reads and checks settings"},
	{path: "telemetry", sentence: "builds logger and metrics"},
	{path: "app", sentence: "builds the running server from a config; wires the rest"},
	{path: "entrasim", sentence: "a simulated Entra tenant over HTTP; imports nothing of ours"},
	{path: "cli", sentence: "the command tree"},
	{path: "arch", sentence: "no code: tests that keep these rules true"},
}

// confined says where a library may be imported; everywhere else it is refused, tests included. The longest pattern that fits an
// import counts. A pattern fits the import path itself and everything below it.
var confined = map[string][]string{
	"database/sql":                {"store", "jobs"},
	"database/sql/driver":         {"store", "jobs", "ident"}, // ident tells drivers how an identifier is stored
	"modernc.org/sqlite":          {"store", "jobs"},
	"github.com/jackc/pgx":        {"store", "jobs"},
	"github.com/pressly/goose":    {"store"},
	"github.com/riverqueue/river": {"jobs"},
	"riverqueue.com":              {"jobs"},
}

// impure lists what a pure package may not import, by itself or below it, and impureCalls what it may not call from packages
// that it needs for their types.
var (
	impure = []string{
		"context", "os", "net", "syscall", "io/ioutil", "database/sql", "log", "math/rand", "crypto/rand",
		"rollcall/internal/clock", "rollcall/internal/secret",
	}
	// These parse and print; they open no connection.
	pureThough  = []string{"net/url", "net/mail", "net/netip", "net/textproto"}
	impureCalls = map[string][]string{
		"time":                    {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
		"rollcall/internal/ident": {"New"},
	}
)

// shapeless are names that say nothing about what is inside.
var shapeless = []string{"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "base"}

// maxMethods is how many methods and embedded interfaces an interface may list.
const maxMethods = 8
