package api

import (
	"context"
	"io"
	"log/slog"
	"time"

	"rollcall/internal/engine"
)

// ListedOperations are the ids of the operations that the table of rights names.
func ListedOperations() []string {
	ids := make([]string, 0, len(accesses))
	for id := range accesses {
		ids = append(ids, id)
	}
	return ids
}

// ProblemOf makes the document of an error.
func ProblemOf(ctx context.Context, err error) *Problem {
	return (&server{Config: Config{Logger: slog.New(slog.DiscardHandler)}}).problem(ctx, err)
}

// WaitForNews waits as a stream does between two looks at its run.
func WaitForNews(ctx context.Context, quiet <-chan time.Time, out io.Writer) error {
	_, err := (&server{}).next(ctx, engine.Run{}, nil, quiet, out)
	return err
}
