// Package arch holds no code: tests that keep these rules true.
//
// The rules are those of docs/architecture.md: which packages there are and what each is for, which may import which, where a
// third-party library or a kind of side effect may enter, how large an interface may grow. The table is in layout_test.go, the
// rules in laws_test.go; each rule is tried on a small tree that breaks it before it is held against the real one.
//
// The tests parse the files and ask no tool: what a test reads by itself is known to the test cache, so that a change of any Go
// file runs them again, and nothing else does.
package arch
