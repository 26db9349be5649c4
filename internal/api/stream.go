package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

const (
	// pollEvery is how often a watched run is read.
	pollEvery = 250 * time.Millisecond
	// quietEvery is after how long without news a comment is sent, so that proxies keep the connection.
	quietEvery = 15 * time.Second
	// writeWithin is how long a client may take to accept a piece of a stream.
	writeWithin = 30 * time.Second
	// pieceSize is the size of a report's pieces in bytes.
	pieceSize = 64 << 10
)

// stream is an answer that is written piece by piece. Each piece has a deadline of its own, in the place of the server's for the whole
// answer. Nothing is sent before the first Write, so that an error before it can still be answered.
type stream struct {
	w       http.ResponseWriter
	machine func() time.Time
	headers map[string]string
	begun   bool
}

// Write implements io.Writer.
func (s *stream) Write(data []byte) (int, error) {
	if !s.begun {
		for name, value := range s.headers {
			s.w.Header().Set(name, value)
		}
		s.begun = true
	}
	controller := http.NewResponseController(s.w)
	if err := controller.SetWriteDeadline(s.machine().Add(writeWithin)); err != nil {
		return 0, fmt.Errorf("write to the client: %w", err)
	}
	n, err := s.w.Write(data)
	if err == nil {
		err = controller.Flush()
	}
	return n, err
}

// end lifts the deadline, so that it does not hit the next answer on the connection.
func (s *stream) end() error {
	if err := http.NewResponseController(s.w).SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("end the answer: %w", err)
	}
	return nil
}

// streaming answers with what write writes. An error before the first piece is answered; one after it cuts the connection, so that the client
// does not take a part for the whole.
func (s *server) streaming(headers map[string]string, write func(ctx context.Context, out io.Writer) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		out := &stream{w: w, machine: s.Engine.Machine, headers: headers}
		err := write(ctx.Context(), out)
		if out.begun {
			err = errors.Join(err, out.end())
		}
		switch {
		case err == nil:
		case !out.begun:
			s.refuse(w, r, s.problem(ctx.Context(), err))
		default:
			if ctx.Context().Err() == nil {
				s.Logger.WarnContext(ctx.Context(), "answer cut short", "request_id", exchangeOf(ctx.Context()).id, "error", err.Error())
			}
			panic(http.ErrAbortHandler)
		}
	}}
}

// report streams the summary of a run as CSV.
func (s *server) report(ctx context.Context, in *InRun) (*huma.StreamResponse, error) {
	run, err := s.Engine.GetRun(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return s.streaming(map[string]string{
		"Content-Type":        "text/csv; charset=utf-8",
		"Content-Disposition": fmt.Sprintf(`attachment; filename="rollcall-%s-%s.csv"`, run.Kind, run.ID),
	}, func(ctx context.Context, out io.Writer) error {
		pieces := bufio.NewWriterSize(out, pieceSize)
		if err := s.Engine.WriteReport(ctx, run, pieces); err != nil {
			return err
		}
		return pieces.Flush()
	}), nil
}

// watch streams what becomes of a run, until it is over.
func (s *server) watch(ctx context.Context, in *InRun) (*huma.StreamResponse, error) {
	run, err := s.Engine.GetRun(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return s.streaming(map[string]string{
		"Content-Type": "text/event-stream", "X-Accel-Buffering": "no",
	}, func(ctx context.Context, out io.Writer) error { return s.follow(ctx, run, out) }), nil
}

func (s *server) follow(ctx context.Context, run engine.Run, out io.Writer) error {
	poll, quiet := time.NewTicker(pollEvery), time.NewTicker(quietEvery)
	defer poll.Stop()
	defer quiet.Stop()
	var told []byte
	for {
		run.LeaseUntil = time.Time{} // renewed all the time, which is no news
		state, err := json.Marshal(run)
		if err != nil {
			return fmt.Errorf("write event: %w", err)
		}
		if !bytes.Equal(state, told) {
			if err := s.tell(out, "progress", run); err != nil {
				return err
			}
			told = state
			quiet.Reset(quietEvery)
		}
		if run.State.Over() {
			return s.tell(out, "end", run)
		}
		if run, err = s.next(ctx, run, poll.C, quiet.C, out); err != nil {
			return err
		}
	}
}

// next reads the run again when it is time to.
func (s *server) next(ctx context.Context, run engine.Run, poll, quiet <-chan time.Time, out io.Writer) (engine.Run, error) {
	for {
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-quiet:
			if _, err := io.WriteString(out, ": still here\n\n"); err != nil {
				return run, err
			}
		case <-poll:
			now, err := s.Engine.GetRun(ctx, run.OrgID, run.ID)
			if fault.Is(err, fault.NotFound) {
				// Only a run that succeeded and found nothing to do is dropped, once another such run has followed.
				run.State, run.Step, run.EndedAt = engine.Succeeded, engine.StepEnd, s.Now()
				return run, nil
			}
			return now, err
		}
	}
}

// tell writes one event (HTML standard, section 9.2).
func (s *server) tell(out io.Writer, event string, run engine.Run) error {
	data, err := json.Marshal(s.runOf(run))
	if err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	_, err = fmt.Fprintf(out, "event: %s\ndata: %s\n\n", event, data)
	return err
}
