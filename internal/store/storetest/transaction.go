package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
)

var errWanted = errors.New("wanted")

func transactionCases() []testCase {
	return []testCase{
		{"an error takes back what the transaction wrote", func(t *testing.T, f *fixture) {
			err := f.InTx(f.ctx, func(ctx context.Context) error {
				f.must(t, f.SaveDomain(ctx, directory.Domain{OrgID: f.org, Name: "lost.example", VerifiedAt: start}))
				inside, err := f.Domains(ctx, f.org)
				f.must(t, err)
				same(t, "what the transaction sees of itself", 1, len(inside))
				return errWanted
			})
			if !errors.Is(err, errWanted) {
				t.Errorf("want the error of the work, got %v", err)
			}
			f.domainsAre(t)
		}},
		{"what is not committed is not seen outside", func(t *testing.T, f *fixture) {
			f.must(t, f.InTx(f.ctx, func(ctx context.Context) error {
				f.must(t, f.SaveDomain(ctx, directory.Domain{OrgID: f.org, Name: "a.example", VerifiedAt: start}))
				f.domainsAre(t)
				return nil
			}))
			f.domainsAre(t, "a.example")
		}},
		{"a nested transaction joins the outer one", func(t *testing.T, f *fixture) {
			before := f.Commits()
			err := f.InTx(f.ctx, func(ctx context.Context) error {
				f.must(t, f.InTx(ctx, func(ctx context.Context) error {
					return f.SaveDomain(ctx, directory.Domain{OrgID: f.org, Name: "a.example", VerifiedAt: start})
				}))
				return errWanted
			})
			if !errors.Is(err, errWanted) {
				t.Errorf("want the error of the work, got %v", err)
			}
			f.domainsAre(t)
			same(t, "commits", before, f.Commits())
		}},
		{"callers that wait together share a commit and one that fails takes only its own work back", sharedCommit},
		{"a caller whose context ends before its turn writes nothing", func(t *testing.T, f *fixture) {
			ctx, cancel := context.WithCancel(f.ctx)
			f.must(t, f.InTx(f.ctx, func(context.Context) error {
				ended := make(chan error)
				go func() {
					ended <- f.InTx(ctx, func(context.Context) error { return errors.New("its turn came") })
				}()
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("want the end of the context, got %v", err)
				}
				return nil
			}))
			f.must(t, f.SaveDomain(f.ctx, directory.Domain{OrgID: f.org, Name: "a.example", VerifiedAt: start}))
			f.domainsAre(t, "a.example")
		}},
		{"a context that ends during the work does not disturb it", func(t *testing.T, f *fixture) {
			ctx, cancel := context.WithCancel(f.ctx)
			f.must(t, f.InTx(ctx, func(ctx context.Context) error {
				cancel()
				return f.SaveDomain(ctx, directory.Domain{OrgID: f.org, Name: "a.example", VerifiedAt: start})
			}))
			f.domainsAre(t, "a.example")
		}},
		{"work that panics is taken back and others go on", func(t *testing.T, f *fixture) {
			func() {
				defer func() { same(t, "what was thrown", any("boom"), recover()) }()
				f.must(t, f.InTx(f.ctx, func(ctx context.Context) error {
					f.must(t, f.SaveDomain(ctx, directory.Domain{OrgID: f.org, Name: "lost.example", VerifiedAt: start}))
					panic("boom")
				}))
			}()
			f.must(t, f.SaveDomain(f.ctx, directory.Domain{OrgID: f.org, Name: "a.example", VerifiedAt: start}))
			f.domainsAre(t, "a.example")
		}},
		{"what was written is there after closing and opening again", func(t *testing.T, f *fixture) {
			f.must(t, f.SaveDomain(f.ctx, directory.Domain{OrgID: f.org, Name: "a.example", VerifiedAt: start}))
			f.again(t)
			f.domainsAre(t, "a.example")
		}},
		{"a closed database answers with a fault", func(t *testing.T, f *fixture) {
			f.must(t, f.Close())
			fails(t, "a write", fault.Unavailable, f.SaveDomain(f.ctx, directory.Domain{OrgID: f.org, Name: "a.example"}))
			f.Backend = f.reopen(t)
		}},
	}
}

func (f *fixture) domainsAre(t *testing.T, want ...string) {
	t.Helper()
	domains, err := f.Domains(f.ctx, f.org)
	f.must(t, err)
	got := []string{}
	for _, domain := range domains {
		got = append(got, domain.Name)
	}
	same(t, "domains", want, got)
}

// sharedCommit lets five callers wait behind one that holds the writer.
func sharedCommit(t *testing.T, f *fixture) {
	const callers = 5
	errs := make([]error, callers)
	var group, waiting sync.WaitGroup
	before := f.Commits()
	release := make(chan struct{})
	held := make(chan struct{})
	group.Go(func() {
		if err := f.InTx(f.ctx, func(ctx context.Context) error {
			close(held)
			<-release
			return f.SaveDomain(ctx, directory.Domain{OrgID: f.org, Name: "first.example", VerifiedAt: start})
		}); err != nil {
			t.Error(err)
		}
	})
	<-held
	waiting.Add(callers)
	for i := range callers {
		group.Go(func() {
			ctx := &signalling{Context: f.ctx, asked: waiting.Done}
			errs[i] = f.InTx(ctx, func(ctx context.Context) error {
				if err := f.SaveDomain(ctx, directory.Domain{OrgID: f.org, Name: fmt.Sprintf("d%d.example", i), VerifiedAt: start}); err != nil {
					return err
				}
				if i == 2 {
					return errWanted
				}
				return nil
			})
		})
	}
	waiting.Wait()
	close(release)
	group.Wait()
	for i, err := range errs {
		if want := i == 2; errors.Is(err, errWanted) != want {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	f.domainsAre(t, "d0.example", "d1.example", "d3.example", "d4.example", "first.example")
	same(t, "commits", before+1, f.Commits())
}

// signalling tells when somebody begins to wait for the context's end: InTx does so after it has queued.
type signalling struct {
	context.Context
	once  sync.Once
	asked func()
}

// Done implements context.Context.
func (s *signalling) Done() <-chan struct{} {
	s.once.Do(s.asked)
	return s.Context.Done()
}
