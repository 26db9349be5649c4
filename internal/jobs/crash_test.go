package jobs_test

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/jobs"
)

// victimDatabase, when set, makes the test program the process that is killed in the middle of a job.
const victimDatabase = "ROLLCALL_TEST_JOBS_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimDatabase); path != "" {
		beKilled(path)
	}
	os.Exit(m.Run())
}

// beKilled enqueues a run, says which on standard output once it is being advanced, and never finishes.
func beKilled(path string) {
	ctx := context.Background()
	db := mustOpen(path)
	queue, err := jobs.New(ctx, jobs.Config{
		DB: db, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Work: work(func(_ context.Context, run ident.ID) (bool, error) {
			if _, err := os.Stdout.WriteString(run.String() + "\n"); err != nil {
				panic(err)
			}
			select {}
		}),
	})
	must(err)
	must(queue.Start(ctx))
	tx, err := db.BeginTx(ctx, nil)
	must(err)
	must(queue.EnqueueTx(ctx, tx, ident.New(time.Now())))
	must(tx.Commit())
	time.AfterFunc(time.Minute, func() { os.Exit(3) }) // if nobody kills it
	select {}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func TestAJobOfAKilledProcessIsWorkedAtOnceAfterTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), victimDatabase+"="+path)
	victim.Stderr = os.Stderr
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the victim said no run: %v", err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := victim.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}

	db := openDatabase(t, path)
	resumed := make(chan ident.ID, 1)
	queue := newQueue(t, db, 0, work(func(_ context.Context, run ident.ID) (bool, error) {
		resumed <- run
		return false, nil
	}))
	if n := countJobs(t, db, "running"); n != 1 {
		t.Fatalf("the killed process left %d running jobs, want 1", n)
	}
	begun := time.Now()
	start(t, queue)
	if got := receive(t, resumed, "the advance after the kill"); got.String() != strings.TrimSpace(line) {
		t.Errorf("advanced %v, want %s", got, line)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the run was resumed after %v, want at once", took)
	}
}
