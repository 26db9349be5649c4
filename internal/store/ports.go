package store

import (
	"rollcall/internal/destination/scimapp"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/mirror"
	"rollcall/internal/notify"
)

// One database is behind all ports.
var (
	_ directory.Store = (*DB)(nil)
	_ mirror.Store    = (*DB)(nil)
	_ engine.Store    = (*DB)(nil)
	_ scimapp.Store   = (*DB)(nil)
	_ notify.Store    = (*DB)(nil)
)
