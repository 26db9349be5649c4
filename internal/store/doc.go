// Package store keeps everything in SQLite, in statements that PostgreSQL runs too; implements what directory, mirror and engine ask for.
//
// One type, DB, implements all ports. SQL has one text per query, with $1 placeholders in order and none repeated, so that they can be
// rebound to the bare ? that SQLite binds fastest; what differs between the databases stands in dialect.go and in the migrations.
// Times are BIGINT microseconds (0: none), booleans 0 and 1, documents TEXT, ids sixteen bytes.
//
// On SQLite one connection writes and a few read. Writers queue; those that wait together share one transaction and its one flush to
// the disk, each behind a savepoint of its own (design rule 17). What InTx returned without error is on the disk.
package store
