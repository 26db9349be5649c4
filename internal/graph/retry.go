package graph

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"rollcall/internal/fault"
)

const (
	maxTries    = 4
	backoffBase = 500 * time.Millisecond
	backoffCap  = 20 * time.Second
)

// setback is a failed try that may be repeated. It never leaves the package: persist returns the fault inside.
type setback struct {
	fault *fault.Error
	// wait is what the server asked for, if asked; else the back-off decides.
	wait  time.Duration
	asked bool
}

func (s *setback) Error() string { return s.fault.Error() }
func (s *setback) Unwrap() error { return s.fault }

// persist calls attempt until it succeeds, fails for good, or has failed maxTries times; try counts from 0. A wait that the server
// asked for is kept exactly, or handed to the caller as fault.Throttled if it is longer than MaxRetryWait.
func (c *Client) persist(ctx context.Context, attempt func(try int) error) error {
	for try := 0; ; try++ {
		err := attempt(try)
		s, again := errors.AsType[*setback](err)
		if !again {
			return err
		}
		if s.wait > c.config.MaxRetryWait {
			s.fault.Kind = fault.Throttled
			return s.fault
		}
		if try+1 == maxTries {
			return s.fault
		}
		wait := s.wait
		if !s.asked {
			wait = c.backoff(try)
		}
		c.config.Logger.LogAttrs(ctx, slog.LevelDebug, "graph request failed, will try again",
			slog.Int("retry", try+1), slog.Duration("wait", wait), slog.String("code", s.fault.Code), slog.String("request_id", s.fault.RequestID))
		if err := c.config.Sleep(ctx, wait); err != nil {
			return interrupted(err)
		}
	}
}

// backoff is exponential with full jitter.
func (c *Client) backoff(try int) time.Duration {
	return time.Duration(c.config.Jitter() * float64(min(backoffBase<<try, backoffCap)))
}
