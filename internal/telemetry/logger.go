// Package telemetry builds logger and metrics.
//
// Nothing here is global: the logger and the metrics are made once, at the edge, and handed to whoever needs them. Labels take values
// from small, fixed sets; no identifier, name or address of a person or a tenant ever becomes a label.
package telemetry

import (
	"io"
	"log/slog"

	"rollcall/internal/fault"
)

// NewLogger returns a logger that writes records of the level ("debug", "info", "warn", "error") and above to w, each as a line of
// "text" (key=value) or "json". Another level or format is fault.Invalid.
func NewLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	var least slog.Level
	switch level {
	case "debug", "info", "warn", "error":
		if err := least.UnmarshalText([]byte(level)); err != nil {
			return nil, fault.Wrap(fault.Internal, "", err, "log level "+level)
		}
	default:
		return nil, fault.New(fault.Invalid, "InvalidLogLevel", "%q is not a log level", level).
			WithRemedy("Use debug, info, warn or error")
	}
	options := &slog.HandlerOptions{Level: least}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fault.New(fault.Invalid, "InvalidLogFormat", "%q is not a log format", format).WithRemedy("Use text or json")
}
