package scimserver

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// bulkOperation is one operation of a bulk request (RFC 7644, section 3.7).
type bulkOperation struct {
	method, bulkID, version, path string
	data                          map[string]any
	// wrong is what is wrong with the operation itself; nil for nothing.
	wrong error
}

// bulkResult is what became of it.
type bulkResult struct {
	Method   string   `json:"method"`
	BulkID   string   `json:"bulkId,omitempty"`
	Version  string   `json:"version,omitempty"`
	Location string   `json:"location,omitempty"`
	Status   string   `json:"status"`
	Response *Failure `json:"response,omitempty"`
}

// bulk carries operations out one by one: each is all or nothing by itself, and has its result.
func (s *server) bulk(w http.ResponseWriter, r *http.Request) error {
	message, err := body(r)
	if err != nil {
		return err
	}
	profile := callerOf(r.Context()).profile
	if err := scim.CheckMessage(message, scim.BulkRequest, profile); err != nil {
		return err
	}
	list, ok := scim.Field(message, "Operations").([]any)
	switch {
	case !ok:
		return fault.New(fault.Invalid, scim.InvalidSyntax, "a bulk request has a list of Operations")
	case len(list) > maxOperations:
		return fault.New(fault.Invalid, tooLarge, "the request has more than %d operations", maxOperations).WithRemedy("Send fewer at a time.")
	}
	failOnErrors := 0
	if err := wholeNumber(message, "failOnErrors", &failOnErrors); err != nil {
		return err
	}
	b := batch{server: s, stopAt: failOnErrors, ids: map[string]ident.ID{}, byBulkID: map[string]int{}}
	for i, element := range list {
		operation := operationOf(element, profile)
		if operation.bulkID != "" && operation.method == http.MethodPost {
			if _, taken := b.byBulkID[operation.bulkID]; taken {
				operation.wrong = fault.New(fault.Invalid, scim.InvalidValue, "the bulkId %q stands for another operation of the request", operation.bulkID)
			} else {
				b.byBulkID[operation.bulkID] = i
			}
		}
		b.operations = append(b.operations, operation)
	}
	results := b.run(r.Context())
	s.write(w, r, http.StatusOK, map[string]any{"schemas": []string{scim.BulkResponse}, "Operations": results})
	return nil
}

// operationOf reads one operation.
func operationOf(element any, profile scim.Profile) bulkOperation {
	fields, ok := element.(map[string]any)
	if !ok {
		return bulkOperation{wrong: fault.New(fault.Invalid, scim.InvalidSyntax, "an operation is an object")}
	}
	text := func(name string) string {
		value, _ := scim.Field(fields, name).(string)
		return value
	}
	o := bulkOperation{method: strings.ToUpper(text("method")), bulkID: text("bulkId"), version: text("version"), path: text("path")}
	o.data, ok = scim.Field(fields, "data").(map[string]any)
	switch {
	case !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, o.method):
		o.wrong = fault.New(fault.Invalid, scim.InvalidSyntax, "method is POST, PUT, PATCH or DELETE, not %q", text("method"))
	case !ok && o.method != http.MethodDelete:
		o.wrong = fault.New(fault.Invalid, scim.InvalidSyntax, "the operation has no data")
	case o.method == http.MethodPost && o.bulkID == "" && profile == scim.Strict:
		o.wrong = fault.New(fault.Invalid, scim.InvalidSyntax, "a POST needs a bulkId")
	}
	return o
}

// batch carries out the operations of one request.
type batch struct {
	*server
	operations []bulkOperation
	// stopAt is how many errors end it; 0: none.
	stopAt, errors int
	// byBulkID says which operation makes the resource of a bulkId, ids what was made.
	byBulkID map[string]int
	ids      map[string]ident.ID
	state    []progress
	results  []bulkResult
	late     []addition
}

type progress uint8

const (
	waiting progress = iota
	under
	done
)

// run carries out all operations, those that others refer to before these, and returns the results in the order of the request. After too
// many errors the rest is left alone.
func (b *batch) run(ctx context.Context) []bulkResult {
	b.state, b.results = make([]progress, len(b.operations)), make([]bulkResult, len(b.operations))
	for i := range b.operations {
		b.one(ctx, i)
	}
	results := make([]bulkResult, 0, len(b.results))
	for i, result := range b.results {
		if b.state[i] == done {
			results = append(results, result)
		}
	}
	return results
}

func (b *batch) stopped() bool { return b.stopAt > 0 && b.errors >= b.stopAt }

// one carries out an operation, after those that it refers to.
func (b *batch) one(ctx context.Context, i int) {
	if b.state[i] != waiting || b.stopped() {
		return
	}
	b.state[i] = under
	o := b.operations[i]
	for _, bulkID := range o.dependencies() {
		if j, known := b.byBulkID[bulkID]; known {
			b.one(ctx, j)
		}
	}
	if b.stopped() {
		return
	}
	status, it, err := b.perform(ctx, i, o)
	b.results[i] = bulkResult{
		Method: o.method, BulkID: o.bulkID, Version: it.version, Location: it.location, Status: strconv.Itoa(status),
	}
	if b.state[i] = done; err != nil {
		b.fail(ctx, i, err)
	}
	b.catchUp(ctx)
}

// perform carries out one operation whose references were carried out before, as far as that is possible.
func (b *batch) perform(ctx context.Context, i int, o bulkOperation) (int, shown, error) {
	if o.wrong != nil {
		return 0, shown{}, o.wrong
	}
	k, id, err := b.target(o)
	if err != nil {
		return 0, shown{}, err
	}
	var where shown // told of what fails too, but for a POST (RFC 7644, section 3.7)
	if o.method != http.MethodPost {
		where.location = callerOf(ctx).base + k.resourceType().Endpoint + "/" + id.String()
	}
	data, late, err := b.resolved(o)
	if err != nil {
		return 0, where, err
	}
	only, show := condition(o.version), barely(k)
	var it shown
	status := http.StatusOK
	switch o.method {
	case http.MethodPost:
		it, err := k.create(ctx, data, show)
		if err == nil && o.bulkID != "" {
			b.ids[o.bulkID] = it.id
		}
		if err == nil && late != nil {
			b.late = append(b.late, addition{operation: i, kind: k, id: it.id, attributes: late})
		}
		return http.StatusCreated, it, err
	case http.MethodPut:
		it, err = k.replace(ctx, id, data, only, show)
	case http.MethodPatch:
		it, err = k.patch(ctx, id, data, only, show)
	default:
		status, it, err = http.StatusNoContent, where, k.remove(ctx, id, only)
	}
	if err != nil {
		it = where
	}
	return status, it, err
}

// target finds what the path of an operation names.
func (b *batch) target(o bulkOperation) (kind, ident.ID, error) {
	endpoint, name, hasName := strings.Cut(strings.Trim(o.path, "/"), "/")
	var k kind
	switch endpoint {
	case "Users":
		k = b.users
	case "Groups":
		k = b.groups
	}
	if k == nil || hasName == (o.method == http.MethodPost) {
		return nil, ident.ID{}, fault.New(fault.Invalid, scim.InvalidValue, "%s does not go with the path %q", o.method, o.path)
	}
	if !hasName {
		return k, ident.ID{}, nil
	}
	if bulkID, refers := strings.CutPrefix(name, bulkReference); refers {
		id, made := b.ids[bulkID]
		if !made {
			return nil, ident.ID{}, unmade(bulkID)
		}
		return k, id, nil
	}
	id, err := ident.Parse(name)
	if err != nil {
		return nil, ident.ID{}, unknown(k, name)
	}
	return k, id, nil
}

func unmade(bulkID string) error {
	return fault.New(fault.Conflict, "", "the resource of the bulkId %q was not made", bulkID)
}

// wholeNumber reads a whole number of a message, if it is there.
func wholeNumber(message map[string]any, name string, to *int) error {
	value := scim.Field(message, name)
	if value == nil {
		return nil
	}
	number, ok := value.(json.Number)
	whole, err := number.Int64()
	if !ok || err != nil {
		return fault.New(fault.Invalid, scim.InvalidValue, "%s is a whole number", name)
	}
	*to = int(min(max(whole, -1), 1<<31-1))
	return nil
}
