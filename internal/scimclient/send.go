package scimclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// maxLost is how many operations that may be done once only in a row may be lost before the service is taken to be down.
const maxLost = 5

// Send sends operations and returns what became of each, in their order. Operations on the same resource are done one after another, all
// others side by side or in bulk, in no particular order: who frees a name is sent in a call before the one who takes it.
//
// The error is for the case that nothing can be said of any operation, and none was done: the credentials are refused (Unauthenticated; Denied
// if all of several operations were), the service cannot be reached or asks for more patience than Config.MaxRetryWait, or ctx ended. If
// that happens half way, the rest is Later.
func (c *Client) Send(ctx context.Context, ops []Operation) ([]Outcome, error) {
	service, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	s := &sending{client: c, service: service, ops: ops, outcomes: make([]Outcome, len(ops)), bodies: make([]json.RawMessage, len(ops))}
	for i, op := range ops {
		if s.bodies[i], err = body(op); err != nil {
			return nil, fault.Wrap(fault.Internal, "", err, "an operation cannot be written as JSON")
		}
	}
	for _, wave := range s.waves() {
		s.run(ctx, s.tasks(s.sendable(wave)))
	}
	return s.outcomes, s.nothing()
}

// sending is one call of Send.
type sending struct {
	client   *Client
	service  Service
	ops      []Operation
	outcomes []Outcome         // each written by the one task that has its operation
	bodies   []json.RawMessage // nil for none

	mu      sync.Mutex
	stopped *failure // what keeps everything from being sent
	lost    int      // operations in a row whose outcome is unknown
	bulkOff bool     // the service has no bulk after all
}

// waves splits the operations so that each part holds at most one for each resource.
func (s *sending) waves() [][]int {
	type object struct {
		t  Type
		id string
	}
	var waves [][]int
	seen := map[object]int{}
	for i, op := range s.ops {
		wave := 0
		if op.Method != Create {
			key := object{op.Type, op.ID}
			wave = seen[key]
			seen[key]++
		}
		if wave == len(waves) {
			waves = append(waves, nil)
		}
		waves[wave] = append(waves[wave], i)
	}
	return waves
}

// sendable leaves out operations on resources an earlier operation of which is still open; they are for later, too.
func (s *sending) sendable(wave []int) []int {
	open := map[string]Outcome{}
	for i, o := range s.outcomes {
		if o.Status == Later && s.ops[i].ID != "" {
			open[string(s.ops[i].Type)+s.ops[i].ID] = o
		}
	}
	kept := wave[:0]
	for _, i := range wave {
		if before, blocked := open[string(s.ops[i].Type)+s.ops[i].ID]; blocked {
			s.outcomes[i] = Outcome{Status: Later, Fault: before.Fault, RetryAfter: before.RetryAfter}
			continue
		}
		kept = append(kept, i)
	}
	return kept
}

// run does the tasks, as many side by side as the profile allows.
func (s *sending) run(ctx context.Context, tasks []func(context.Context)) {
	queue := make(chan func(context.Context), len(tasks))
	for _, task := range tasks {
		queue <- task
	}
	close(queue)
	var workers sync.WaitGroup
	for range min(len(tasks), cap(s.client.slots)) {
		workers.Go(func() {
			for task := range queue {
				task(ctx)
			}
		})
	}
	workers.Wait()
}

// tasks makes bulks of the operations where that is possible, and single requests of the others.
func (s *sending) tasks(wave []int) []func(context.Context) {
	var tasks []func(context.Context)
	once, others, singles := s.sorted(wave)
	for _, bulkable := range [][]int{once, others} {
		for _, chunk := range s.chunks(bulkable) {
			if len(chunk) == 1 {
				singles = append(singles, chunk[0])
				continue
			}
			tasks = append(tasks, func(ctx context.Context) { s.bulk(ctx, chunk) })
		}
	}
	for _, i := range singles {
		tasks = append(tasks, func(ctx context.Context) { s.single(ctx, i) })
	}
	return tasks
}

// sorted tells operations apart: what may be done once only goes in bulks of its own, so that all other bulks can be sent again after a lost answer.
func (s *sending) sorted(wave []int) (once, others, singles []int) {
	for _, i := range wave {
		switch method := s.ops[i].Method; {
		case s.service.Bulk == nil || s.bulkOff || method == Replace && !s.service.Bulk.Replace:
			singles = append(singles, i)
		case s.ops[i].once():
			once = append(once, i)
		default:
			others = append(others, i)
		}
	}
	return once, others, singles
}

// stop returns what keeps everything from being sent, nil if nothing does.
func (s *sending) stop() *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// answered notes that the service does its work.
func (s *sending) answered() {
	s.mu.Lock()
	s.lost = 0
	s.mu.Unlock()
}

// failed notes a failure, and stops if it is about the service. That something to be done once was lost, which is not tried again, is so only after maxLost.
func (s *sending) failed(r request, f *failure) {
	if !f.general {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.once && f.reached && f.cause == nil {
		if s.lost++; s.lost < maxLost {
			return
		}
	}
	if s.stopped == nil {
		s.stopped = f
	}
}

// single sends one operation by itself.
func (s *sending) single(ctx context.Context, i int) {
	op := s.ops[i]
	if f := s.stop(); f != nil {
		s.outcomes[i] = later(f)
		return
	}
	r := s.request(i)
	a, f := s.client.do(ctx, r)
	if f == nil {
		s.answered()
		s.outcomes[i] = s.done(op, r, a)
		return
	}
	s.failed(r, f)
	s.outcomes[i] = outcomeOf(op, f)
}

// request writes an operation as a request of its own.
func (s *sending) request(i int) request {
	op := s.ops[i]
	r := request{method: verb(op.Method), path: s.path(op), route: s.service.endpoint(op.Type), once: op.once(), body: s.bodies[i]}
	if op.Method != Create {
		r.route += itemSuffix
	}
	if s.service.ETag {
		r.version = op.Version
	}
	return r
}

func (s *sending) path(op Operation) string {
	if op.Method == Create {
		return s.service.endpoint(op.Type)
	}
	return s.service.endpoint(op.Type) + "/" + url.PathEscape(op.ID)
}

func verb(m Method) string {
	switch m {
	case Create:
		return http.MethodPost
	case Replace:
		return http.MethodPut
	case Delete:
		return http.MethodDelete
	default:
		return http.MethodPatch
	}
}

// body writes what an operation sends; nil for nothing.
func body(op Operation) (json.RawMessage, error) {
	switch op.Method {
	case Create, Replace:
		return json.Marshal(op.Body)
	case Patch:
		return json.Marshal(map[string]any{"schemas": []string{scim.PatchOp}, "Operations": op.Ops})
	default:
		return nil, nil
	}
}

// done is the outcome of an operation that was answered with a 2xx. A creation that does not tell its id is as good as unknown.
func (s *sending) done(op Operation, r request, a answer) Outcome {
	o := Outcome{Status: Done, HTTPStatus: a.status}
	if op.Method == Delete {
		return o
	}
	resource, err := resourceIn(op.Type, a)
	switch {
	case err == nil:
		o.Resource = &resource
	case op.Method == Create:
		return outcomeOf(op, s.client.broken(r, a, err))
	}
	return o
}

// outcomeOf says what a failure means for an operation.
func outcomeOf(op Operation, f *failure) Outcome {
	switch {
	case op.Method == Delete && (f.status == http.StatusNotFound || f.status == http.StatusGone):
		return Outcome{Status: Done, HTTPStatus: f.status}
	case op.once() && f.reached:
		return Outcome{Status: Unknown, Fault: f.err(), HTTPStatus: f.status}
	case f.again || f.general:
		return later(f)
	}
	return Outcome{Status: Refused, Fault: f.err(), HTTPStatus: f.status}
}

func later(f *failure) Outcome {
	return Outcome{Status: Later, Fault: f.err(), HTTPStatus: f.status, RetryAfter: f.wait}
}

// nothing returns the error of a call in which nothing became of any operation.
func (s *sending) nothing() error {
	denied := 0
	for _, o := range s.outcomes {
		switch {
		case o.Status == Refused && fault.Is(o.Fault, fault.Denied):
			denied++
		case o.Status != Later:
			return nil
		}
	}
	if denied > 1 && denied == len(s.outcomes) {
		return s.outcomes[0].Fault
	}
	if s.stopped != nil && denied == 0 {
		return s.stopped.err()
	}
	return nil
}
