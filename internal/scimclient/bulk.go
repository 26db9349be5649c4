package scimclient

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rollcall/internal/scim"
)

const (
	routeBulk = "/Bulk"
	// envelope is how many bytes of a bulk are not its operations, frame how many of an operation are not its data, generously.
	envelope = 256
	frame    = 128
)

// bulkItem is an operation in a bulk (RFC 7644, section 3.7).
type bulkItem struct {
	Method  string          `json:"method"`
	BulkID  string          `json:"bulkId"`
	Path    string          `json:"path"`
	Version string          `json:"version,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// chunks splits operations into bulks that are within the limits. One that is too large for any is alone.
func (s *sending) chunks(ops []int) [][]int {
	var chunks [][]int
	var chunk []int
	size := envelope
	for _, i := range ops {
		bytes := len(s.bodies[i]) + len(s.path(s.ops[i])) + len(s.ops[i].Version) + frame
		if len(chunk) > 0 && (len(chunk) == s.service.Bulk.MaxOperations || size+bytes > s.service.Bulk.MaxPayload) {
			chunks = append(chunks, chunk)
			chunk, size = nil, envelope
		}
		chunk = append(chunk, i)
		size += bytes
	}
	if len(chunk) > 0 {
		chunks = append(chunks, chunk)
	}
	return chunks
}

// item writes an operation for a bulk. Its place is its bulkId.
func (s *sending) item(i int) bulkItem {
	op := s.ops[i]
	item := bulkItem{Method: verb(op.Method), BulkID: strconv.Itoa(i), Path: s.path(op), Data: s.bodies[i]}
	if s.service.ETag {
		item.Version = op.Version
	}
	return item
}

// bulk sends operations, all of them to be done once only or none, in one request.
func (s *sending) bulk(ctx context.Context, chunk []int) {
	if f := s.stop(); f != nil {
		for _, i := range chunk {
			s.outcomes[i] = later(f)
		}
		return
	}
	if s.withoutBulk() {
		s.singles(ctx, chunk)
		return
	}
	r := request{method: http.MethodPost, route: routeBulk, path: routeBulk, once: s.ops[chunk[0]].once()}
	var err error
	if r.body, err = s.bulkBody(chunk); err != nil {
		s.all(chunk, &failure{cause: err})
		return
	}
	a, f := s.client.do(ctx, r)
	var answers []map[string]any
	if f == nil {
		if answers, err = bulkAnswers(a); err != nil {
			f = s.client.broken(r, a, err)
		}
	}
	switch {
	case f == nil:
		s.answered()
		s.settle(chunk, answers)
	case f.status == http.StatusRequestEntityTooLarge || f.fault != nil && f.fault.Code == scim.TooMany:
		s.halves(ctx, chunk)
	case unknownAddress(f.status) || f.status == http.StatusNotImplemented:
		s.giveUpBulk()
		s.singles(ctx, chunk)
	case f.status == http.StatusBadRequest:
		s.singles(ctx, chunk) // one of them spoils it for all
	default:
		s.failed(r, f)
		s.all(chunk, f)
	}
}

// giveUpBulk notes that the service has no bulk, whatever it says.
func (s *sending) giveUpBulk() {
	s.mu.Lock()
	s.bulkOff = true
	s.mu.Unlock()
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.service != nil {
		c.service.Bulk = nil
	}
}

func (s *sending) withoutBulk() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bulkOff
}

func (s *sending) singles(ctx context.Context, chunk []int) {
	tasks := make([]func(context.Context), len(chunk))
	for at, i := range chunk {
		tasks[at] = func(ctx context.Context) { s.single(ctx, i) }
	}
	s.run(ctx, tasks)
}

// halves sends what was too much for one bulk in two.
func (s *sending) halves(ctx context.Context, chunk []int) {
	for _, half := range [][]int{chunk[:len(chunk)/2], chunk[len(chunk)/2:]} {
		if len(half) == 1 {
			s.single(ctx, half[0])
			continue
		}
		s.bulk(ctx, half)
	}
}

// all gives every operation of a bulk the outcome of its failure.
func (s *sending) all(chunk []int, f *failure) {
	for _, i := range chunk {
		if !f.again && !f.general && !f.reached { // a 403 and its like: about the bulk, and so about each
			s.outcomes[i] = Outcome{Status: Refused, Fault: f.err(), HTTPStatus: f.status}
			continue
		}
		s.outcomes[i] = outcomeOf(s.ops[i], f)
	}
}

func (s *sending) bulkBody(chunk []int) ([]byte, error) {
	profile := s.client.config.Profile
	items := make([]bulkItem, len(chunk))
	for at, i := range chunk {
		items[at] = s.item(i)
	}
	key := profile.BulkKey
	if key == "" {
		key = "Operations"
	}
	body := map[string]any{"schemas": []string{scim.BulkRequest}, key: items}
	if profile.FailOnErrors > 0 {
		body["failOnErrors"] = profile.FailOnErrors
	}
	return json.Marshal(body)
}

// bulkAnswers reads the answers to the operations of a bulk.
func bulkAnswers(a answer) ([]map[string]any, error) {
	body, err := a.object()
	if err != nil {
		return nil, err
	}
	listed, _ := scim.Field(body, "Operations").([]any)
	answers := make([]map[string]any, len(listed))
	for i, item := range listed {
		answers[i], _ = item.(map[string]any)
	}
	return answers, nil
}

// settle gives every operation of a bulk its outcome. One that was not answered may have been done.
func (s *sending) settle(chunk []int, answers []map[string]any) {
	for at, i := range chunk {
		found := s.answerTo(i, at, len(chunk), answers)
		status := statusOf(scim.Field(found, "status"))
		op := s.ops[i]
		if status/100 == 2 {
			s.outcomes[i] = s.bulkDone(op, status, found)
			continue
		}
		response, _ := scim.Field(found, "response").(map[string]any)
		f := refused(string(op.Method)+" in bulk", status, response, "")
		if status == 0 {
			f.fault.Message, f.again, f.reached = "the service did not answer an operation of a bulk", true, true
		}
		if op.Method == Create && unknownAddress(status) {
			f.fault.Code = NoEndpoint
		}
		s.outcomes[i] = outcomeOf(op, f)
	}
}

// answerTo finds the answer to an operation: by bulkId, else by the address of the resource, else by its place.
func (s *sending) answerTo(i, at, asked int, answers []map[string]any) map[string]any {
	for _, answer := range answers {
		if text(answer, "bulkId") == strconv.Itoa(i) {
			return answer
		}
	}
	if s.ops[i].Method != Create {
		suffix := s.path(s.ops[i])
		for _, answer := range answers {
			if text(answer, "bulkId") == "" && strings.HasSuffix(text(answer, "location"), suffix) {
				return answer
			}
		}
	}
	if asked == len(answers) && text(answers[at], "bulkId") == "" && strings.EqualFold(text(answers[at], "method"), verb(s.ops[i].Method)) {
		return answers[at]
	}
	return nil
}

// bulkDone is the outcome of an operation that succeeded. The resource comes with the answer or is at least named by its location.
func (s *sending) bulkDone(op Operation, status int, found map[string]any) Outcome {
	o := Outcome{Status: Done, HTTPStatus: status}
	if op.Method == Delete {
		return o
	}
	response, _ := scim.Field(found, "response").(map[string]any)
	if resource, err := resourceOf(op.Type, response); err == nil {
		o.Resource = &resource
		return o
	}
	if op.Method != Create {
		return o
	}
	location := strings.TrimRight(text(found, "location"), "/")
	id, err := url.PathUnescape(location[strings.LastIndexByte(location, '/')+1:])
	if err != nil || id == "" {
		f := refused("create in bulk", status, nil, "")
		f.fault.Code, f.reached = BrokenAnswer, true
		return outcomeOf(op, f)
	}
	o.Resource = &Resource{
		Type: op.Type, ID: id, Version: text(found, "version"), Body: op.Body,
		ExternalID: text(op.Body, "externalId"), Name: text(op.Body, nameOf(op.Type)),
	}
	return o
}
