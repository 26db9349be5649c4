package scimclient_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
)

const bulk = "POST /Bulk"

// bulkOperation is what arrives.
type bulkOperation struct {
	Method, BulkID, Path, Version string
	Data                          map[string]any
}

func operationsOf(t *testing.T, body string) []bulkOperation {
	t.Helper()
	var message struct{ Operations []bulkOperation }
	if err := json.Unmarshal([]byte(body), &message); err != nil {
		t.Errorf("%v in %s", err, body)
	}
	return message.Operations
}

// bulkService does every operation, last first, and tells what it did by location only.
func bulkService(t *testing.T, answer func(bulkOperation) string) http.HandlerFunc {
	t.Helper()
	if answer == nil {
		answer = func(op bulkOperation) string {
			if op.Method == http.MethodPost {
				return fmt.Sprintf(`{"method":"POST","bulkId":%q,"location":"https://x/v2/Users/id-%s","status":"201"}`, op.BulkID, op.Data["userName"])
			}
			return fmt.Sprintf(`{"method":%q,"bulkId":%q,"location":"https://x/v2%s","status":{"code":204}}`, op.Method, op.BulkID, op.Path)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var answers []string
		for _, op := range operationsOf(t, string(body)) {
			answers = append(answers, answer(op))
		}
		slices.Reverse(answers)
		says(ok, `{"Operations":[`+strings.Join(answers, ",")+`]}`)(w, r)
	}
}

func creations(n int) []scimclient.Operation {
	ops := make([]scimclient.Operation, n)
	for i := range ops {
		ops[i] = create("u" + strconv.Itoa(i))
	}
	return ops
}

func TestManyOperationsGoInFewBulks(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(100, 1<<20), bulk: bulkService(t, nil)})
	ops := append(creations(250), rename("7", "Ada"), remove("8"))
	outcomes := send(t, s.client(t, "generic"), ops...)
	for i, o := range outcomes {
		if o.Status != scimclient.Done {
			t.Fatalf("operation %d: %s, %v", i, o.Status, o.Fault)
		}
		if i < 250 && (o.Resource == nil || o.Resource.ID != "id-u"+strconv.Itoa(i)) {
			t.Fatalf("operation %d created %+v", i, o.Resource)
		}
	}
	sent := s.requests(bulk)
	if len(sent) != 4 { // 100, 100 and 50 creations, and the others
		t.Errorf("%d bulks", len(sent))
	}
	for _, r := range sent {
		ops := operationsOf(t, r.body)
		mixed := slices.ContainsFunc(ops, func(op bulkOperation) bool {
			return (op.Method == http.MethodPost) != (ops[0].Method == http.MethodPost)
		})
		if mixed || len(ops) > 100 {
			t.Errorf("a bulk of %d operations, mixed: %v", len(ops), mixed)
		}
	}
}

func TestABulkIsNotLargerThanTheServiceTakes(t *testing.T) {
	const most = 4000
	s := serve(t, map[string]http.HandlerFunc{
		config: bulkConfig(1000, most), bulk: bulkService(t, nil), "POST /Users": says(http.StatusCreated, user("big", "big")),
	})
	ops := creations(40)
	ops[11].Body["title"] = strings.Repeat("x", 2*most) // larger than any bulk
	if got := statuses(send(t, s.client(t, "generic"), ops...)); strings.Count(got, "done") != 40 {
		t.Fatalf("outcomes: %s", got)
	}
	for _, r := range s.requests(bulk) {
		if len(r.body) > most {
			t.Errorf("a bulk of %d bytes", len(r.body))
		}
	}
	if bulks, singles := len(s.requests(bulk)), len(s.requests("POST /Users")); bulks > 3 || singles != 1 {
		t.Errorf("%d bulks and %d single requests", bulks, singles)
	}
}

func TestTwoChangesOfOneResourceAreNotInOneBulk(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(100, 1<<20), bulk: bulkService(t, nil)})
	send(t, s.client(t, "generic"), rename("1", "A"), rename("2", "B"), rename("1", "C"), rename("2", "D"))
	sent := s.requests(bulk)
	if len(sent) != 2 || !strings.Contains(sent[0].body, `"A"`) || !strings.Contains(sent[1].body, `"C"`) {
		t.Errorf("%d bulks: %v", len(sent), sent)
	}
}

func TestEachOperationOfABulkHasItsOwnOutcome(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(100, 1<<20), bulk: bulkService(t, func(op bulkOperation) string {
		switch op.Data["userName"] {
		case "u1":
			return `{"bulkId":"` + op.BulkID + `","status":409,"response":{"scimType":"uniqueness","detail":"u1 is taken"}}`
		case "u2":
			return `{"bulkId":"` + op.BulkID + `","status":"429"}`
		case "u3":
			return `{"bulkId":"` + op.BulkID + `","status":"500"}`
		case "u4":
			return `{"bulkId":"another","status":"201"}`
		}
		return `{"bulkId":"` + op.BulkID + `","status":"201","response":` + user("9", "u0") + `}`
	})})
	outcomes := send(t, s.client(t, "generic"), creations(5)...)
	if got := statuses(outcomes); got != "done refused later unknown unknown" {
		t.Errorf("outcomes: %s", got)
	}
	if known := fault.Of(outcomes[1].Fault); known == nil || known.Kind != fault.Conflict || known.Code != scim.Uniqueness {
		t.Errorf("the second: %v", outcomes[1].Fault)
	}
	if outcomes[0].Resource == nil || outcomes[0].Resource.ID != "9" || outcomes[0].Resource.Version != `W/"1"` {
		t.Errorf("the first: %+v", outcomes[0].Resource)
	}
}

func TestALostBulkOfCreationsIsUnknownAndAnyOtherIsSentAgain(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(100, 1<<20), bulk: first(cut, bulkService(t, nil))})
	client := s.client(t, "generic")
	if got := statuses(send(t, client, creations(2)...)); got != "unknown unknown" || len(s.requests(bulk)) != 1 {
		t.Errorf("creations: %s after %d requests", got, len(s.requests(bulk)))
	}
	s.answering(bulk, first(cut, bulkService(t, nil)))
	if got := statuses(send(t, client, rename("1", "A"), remove("2"))); got != "done done" || len(s.requests(bulk)) != 3 {
		t.Errorf("others: %s after %d requests", got, len(s.requests(bulk)))
	}
}

func TestABulkThatIsTooMuchIsHalved(t *testing.T) {
	var mu sync.Mutex
	sizes := []int{}
	service := bulkService(t, nil)
	s := serve(t, map[string]http.HandlerFunc{
		config: bulkConfig(100, 1<<20), "POST /Users": says(http.StatusCreated, user("1", "u")),
		bulk: func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			n := len(operationsOf(t, string(body)))
			mu.Lock()
			sizes = append(sizes, n)
			mu.Unlock()
			if n > 3 {
				says(http.StatusRequestEntityTooLarge, "")(w, r)
				return
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			service(w, r)
		},
	})
	if got := statuses(send(t, s.client(t, "generic"), creations(10)...)); strings.Count(got, "done") != 10 {
		t.Errorf("outcomes: %s, bulks of %v", got, sizes)
	}
}

func TestAServiceWithoutTheBulkItClaimsGetsSingleRequests(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(100, 1<<20), "POST /Users": says(http.StatusCreated, user("1", "u"))})
	client := s.client(t, "generic")
	for range 2 {
		if got := statuses(send(t, client, creations(5)...)); got != "done done done done done" {
			t.Errorf("outcomes: %s", got)
		}
	}
	if n := len(s.requests(bulk)); n != 1 {
		t.Errorf("%d bulks were tried", n)
	}
}

func TestWebexGetsItsOwnFormOfABulk(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{bulk: bulkService(t, nil), "PUT /Users/1": says(ok, user("1", "ada"))})
	ops := append(creations(150), scimclient.Operation{Method: scimclient.Replace, Type: scimclient.User, ID: "1", Body: map[string]any{}})
	if got := statuses(send(t, s.client(t, "webex"), ops...)); strings.Count(got, "done") != 151 {
		t.Errorf("outcomes: %s", got)
	}
	for _, r := range s.requests(bulk) {
		body := decode(t, r.body)
		if list, _ := body["operations"].([]any); len(list) == 0 || len(list) > 100 || body["failOnErrors"] != float64(100) {
			t.Errorf("a bulk of %d with failOnErrors %v", len(list), body["failOnErrors"])
		}
	}
	if len(s.requests("PUT")) != 1 {
		t.Error("Webex's bulk has no PUT")
	}
}
