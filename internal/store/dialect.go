package store

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"rollcall/internal/fault"
)

// maxRows is the largest number of rows or values of one statement; bulk.go makes do with it whatever their number of columns.
const maxRows = 256

// rebind turns $1, $2 … into the bare ? that SQLite binds fastest. The placeholders of a text stand in order, none is repeated, and no
// text contains a $ otherwise.
func rebind(text string) string {
	var out strings.Builder
	out.Grow(len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			out.WriteByte(text[i])
			continue
		}
		out.WriteByte('?')
		for i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9' {
			i++
		}
	}
	return out.String()
}

// memberText is the text of e.member_id: ids of members are kept as bytes, source ids of users as texts.
const memberText = `lower(substr(hex(e.member_id), 1, 8) || '-' || substr(hex(e.member_id), 9, 4) || '-' || substr(hex(e.member_id), 13, 4)
	|| '-' || substr(hex(e.member_id), 17, 4) || '-' || substr(hex(e.member_id), 21))`

// idText is the text of an id.
func idText(column string) string { return strings.ReplaceAll(memberText, "e.member_id", column) }

// isDuplicate reports whether a row was refused because one with the same key exists.
func isDuplicate(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) &&
		(failure.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || failure.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// explain makes a fault of what the database refused; path names the database. Errors that are faults already, and those that do not
// come from the database, pass.
func explain(path string, err error) error {
	var failure *sqlite.Error
	if err == nil || fault.Of(err) != nil || !errors.As(err, &failure) {
		return err
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		if isDuplicate(err) {
			return fault.Wrap(fault.Conflict, "Duplicate", err, "the row exists already")
		}
	case sqlite3.SQLITE_FULL:
		return fault.Wrap(fault.Unavailable, "DiskFull", err, fmt.Sprintf("the disk of the database %s is full", path)).
			WithRemedy("Make room on it; nothing was lost, and work goes on by itself.")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fault.Wrap(fault.Unavailable, "DatabaseLocked", err, fmt.Sprintf("the database %s is locked by another program", path)).
			WithRemedy("End the program that has it open, for example a sqlite3 shell.")
	case sqlite3.SQLITE_NOTADB:
		return notADatabase(path, err)
	case sqlite3.SQLITE_CORRUPT:
		return fault.Wrap(fault.Internal, "DatabaseDamaged", err, fmt.Sprintf("the database %s is damaged", path)).
			WithRemedy("Stop Rollcall, put the damaged file aside, and start with a backup.")
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY:
		return fault.Wrap(fault.Unavailable, "DatabaseRights", err, fmt.Sprintf("the database %s cannot be opened for writing", path)).
			WithRemedy("Give the user that runs Rollcall the right to read and write the file and its folder.")
	case sqlite3.SQLITE_IOERR:
		return fault.Wrap(fault.Unavailable, "DiskError", err, fmt.Sprintf("reading or writing the database %s failed", path)).
			WithRemedy("Look at the disk and at the system's log.")
	}
	return fmt.Errorf("database %s: %w", path, err)
}

func notADatabase(path string, err error) error {
	message := fmt.Sprintf("the file %s is not a Rollcall database", path)
	failure := &fault.Error{Kind: fault.Invalid, Code: "NotADatabase", Message: message, Err: err}
	return failure.WithRemedy("Name another file, or move this one away.")
}
