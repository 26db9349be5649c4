package jobs

import (
	"context"
	"log/slog"
)

// atLeast passes records of a level and above: River tells at info level every five seconds how many jobs it has.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled reports whether records of the level are passed on.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the level.
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

// WithGroup keeps the level.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
