package arch_test

// cases are small trees, each with the breaches that all laws together must find in it, by the name of the law.
// The sentences are those of the real layout.
var cases = []struct {
	name  string
	files map[string]string
	want  map[string][]string
}{
	{
		name: "a tree that keeps every law",
		files: map[string]string{
			"cmd/rollcall/main.go": "// Command rollcall.\npackage main\nimport _ \"rollcall/internal/cli\"\n",
			"internal/fault/a.go": `// Package fault classifies errors by what the caller can do about them.
package fault
`,
			"internal/expr/a.go": `// Package expr is the mapping expression language: parse, check, evaluate.
//
// More about it.
package expr
import ("net/mail"; "time"; "rollcall/internal/fault")
type Node interface { Eval() string; node() }
type Text struct{}
func (Text) Eval() string { return "" }
func (Text) node() {}
func Later(t time.Time) time.Time { return t.Add(time.Second) }
`,
			"internal/expr/a_test.go":  "package expr_test\nimport (\"os\"; \"testing\"; \"rollcall/internal/cli\"; \"rollcall/internal/store/storetest\")\n",
			"internal/store/a.go":      "// Package store keeps everything in SQLite, in statements that PostgreSQL runs too; implements what directory, mirror and engine ask for (one suite).\npackage store\nimport (\"database/sql\"; _ \"modernc.org/sqlite\")\n",
			"internal/store/b.go":      "package store\n",
			"internal/entrasim/a.go":   "// Package entrasim is a simulated Entra tenant over HTTP; it imports nothing of ours.\npackage entrasim\nimport \"net/http\"\n",
			"internal/ident/a.go":      "// Package ident makes identifiers: time-ordered, sixteen bytes in the database, text everywhere else.\npackage ident\nimport \"database/sql/driver\"\n",
			"internal/expr/testdata/x": "package util",
			"tools/go.mod":             "module rollcall/tools\n",
			"tools/util/a.go":          "package util\n",
		},
		want: map[string][]string{},
	},
	{
		name:  "a package that nobody listed",
		files: map[string]string{"internal/ledger/a.go": "// Package ledger counts.\npackage ledger\n"},
		want: map[string][]string{"every package has its row in the layout": {
			"internal/ledger is not in the layout: add its sentence to internal/arch/layout_test.go, after the packages it imports",
		}},
	},
	{
		name: "a package that imports one listed later",
		files: map[string]string{
			"internal/mirror/a.go": "// Package mirror is the local copy of a tenant, filled page by page.\npackage mirror\nimport (\"rollcall/internal/directory\"; \"rollcall/internal/store\")\n",
		},
		want: map[string][]string{"a package imports only packages listed before it": {
			"internal/mirror/a.go imports store, which comes later in the layout: let mirror declare the interface that it needs",
		}},
	},
	{
		name: "comments that say something else, nothing, or everything twice",
		files: map[string]string{
			"internal/attr/a.go":   "// Package attr holds the attribute paths and values that mirror and mappings share.\npackage attr\n",
			"internal/audit/a.go":  "package audit\n",
			"internal/secret/a.go": "// Package secret seals credentials at rest and keeps them out of logs.\npackage secret\n",
			"internal/secret/b.go": "// Package secret seals credentials at rest and keeps them out of logs.\npackage secret\n",
		},
		want: map[string][]string{"a package comment begins with the sentence of the layout": {
			"internal/attr: the package comment must begin with: Package attr (a verb) the attribute paths and values that mirror, mappings and destinations share",
			"internal/audit has 0 package comments: it needs one",
			"internal/secret has 2 package comments: it needs one",
		}},
	},
	{
		name: "a rule that reads a file, asks the time and throws dice",
		files: map[string]string{
			"internal/plan/a.go": `// Package plan compares wanted with current and lists the changes, each with its reason; orders them; checks the guard.
package plan
import ("math/rand/v2"; "os"; clock "time"; "rollcall/internal/ident")
var at = clock.Now
func id() any { return ident.New(at()) }
`,
		},
		want: map[string][]string{"pure packages know no I/O, no clock and no randomness": {
			"internal/plan/a.go imports math/rand/v2: a pure package takes what it needs as arguments",
			"internal/plan/a.go imports os: a pure package takes what it needs as arguments",
			"internal/plan/a.go uses clock.Now: a pure package takes the time and new identifiers as arguments",
			"internal/plan/a.go uses ident.New: a pure package takes the time and new identifiers as arguments",
		}},
	},
	{
		name: "a simulator whose test borrows our wire types",
		files: map[string]string{
			"internal/entrasim/a.go":      "// Package entrasim serves a simulated Entra tenant over HTTP; imports nothing of ours.\npackage entrasim\n",
			"internal/entrasim/a_test.go": "package entrasim\nimport \"rollcall/internal/graph\"\n",
		},
		want: map[string][]string{"the simulated tenant imports nothing of ours": {
			"internal/entrasim/a_test.go imports rollcall/internal/graph: a wire format shared with the simulator is a wire format that no test checks",
		}},
	},
	{
		name: "SQL, a driver and the queue outside their packages",
		files: map[string]string{
			"e2e/a_test.go":       "package e2e\nimport _ \"modernc.org/sqlite/lib\"\n",
			"internal/api/a.go":   "// Package api is the HTTP API, described by OpenAPI.\npackage api\nimport (\"database/sql\"; \"github.com/riverqueue/river/rivertype\")\n",
			"internal/ident/a.go": "// Package ident makes identifiers: time-ordered, sixteen bytes in the database, text everywhere else.\npackage ident\nimport \"database/sql\"\n",
		},
		want: map[string][]string{"SQL and the job queue stay where they are": {
			"e2e/a_test.go imports modernc.org/sqlite/lib, which belongs to store, jobs",
			"internal/api/a.go imports database/sql, which belongs to store, jobs",
			"internal/api/a.go imports github.com/riverqueue/river/rivertype, which belongs to jobs",
			"internal/ident/a.go imports database/sql, which belongs to store, jobs",
		}},
	},
	{
		name: "an interface that grew, beside one that is the sum of small ones",
		files: map[string]string{
			"internal/engine/a.go": `// Package engine does runs: pull, plan, guard, apply; schedule, quarantine, approvals, reports.
package engine
import ("io"; "rollcall/internal/mirror")
type State interface { io.Closer; mirror.Pages; A(); B(); C(); D(); E(); F() }
type Runs interface { io.Closer; mirror.Pages; A(); B(); C(); D(); E(); F(); G() }
`,
			"internal/mirror/a.go": "// Package mirror is the local copy of a tenant, filled page by page.\npackage mirror\ntype Pages interface { G(); H() }\n",
		},
		want: map[string][]string{"an interface has at most eight methods": {
			"internal/engine/a.go: interface Runs lists 9 methods, more than 8: declare what each consumer needs",
		}},
	},
	{
		name: "a package that declares an interface for its own type",
		files: map[string]string{
			"internal/graph/a.go": `// Package graph is a client for the parts of Microsoft Graph that we use.
package graph
type Reader interface { Read(); Close() }
type base struct{}
func (*base) Close() {}
type Client[T any] struct { *base }
func (c *Client[T]) Read() {}
type Half struct{}
func (Half) Read() {}
`,
		},
		want: map[string][]string{"the package that implements an interface does not declare it": {
			"internal/graph/a.go: Client implements interface Reader of the same package: let the consumer declare it",
		}},
	},
	{
		name: "test code in production",
		files: map[string]string{
			"internal/store/storetest/a.go": "// Package storetest is the suite that every database passes.\npackage storetest\nimport \"testing\"\n",
			"internal/graph/a.go":           "// Package graph is a client for the parts of Microsoft Graph that we use.\npackage graph\nimport \"net/http/httptest\"\n",
		},
		want: map[string][]string{"only packages for tests import testing": {
			"internal/graph/a.go imports net/http/httptest: what tests share lives in a package whose name ends in test",
		}},
	},
	{
		name:  "a folder for everything",
		files: map[string]string{"web/helpers/a.go": "package helpers\n"},
		want: map[string][]string{"a package's name says what is inside": {
			`web/helpers: the name "helpers" says nothing; name the package after what it provides`,
		}},
	},
	{
		name:  "code in the root and in a folder of its own",
		files: map[string]string{"doc.go": "package rollcall\n", "pkg/client/a.go": "package client\n"},
		want: map[string][]string{"Go code is under cmd, internal, e2e, bench and web": {
			"doc.go: Go code belongs under cmd, internal, e2e, bench, web",
			"pkg/client/a.go: Go code belongs under cmd, internal, e2e, bench, web",
		}},
	},
}
