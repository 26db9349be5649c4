package scimclient_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
	"rollcall/internal/scimclient/elimitytest"
)

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestOtherPeoplesServerIsDiscovered(t *testing.T) {
	server := elimitytest.Open(t, 40, false)
	found, err := clientOf(t, server.URL, server.Client(), "generic").Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	people := found.Types[scimclient.User]
	if !found.Patch || found.Bulk != nil || found.MaxResults != 40 || !people.Described || len(people.Extensions) != 1 || len(people.Core.Attributes) < 10 {
		t.Errorf("found %+v", found)
	}
	if _, groups := found.Types[scimclient.Group]; groups {
		t.Error("it has no groups")
	}
	t.Log(found.Notes)
}

func TestALifeOnOtherPeoplesServer(t *testing.T) {
	server := elimitytest.Open(t, 40, false)
	client := clientOf(t, server.URL, server.Client(), "generic")
	body := func(name string) scimclient.Operation {
		op := create(name)
		op.Body["schemas"], op.Body["active"] = []string{userURN}, true
		return op
	}
	var ops []scimclient.Operation
	for i := range 95 {
		ops = append(ops, body("u"+strconv.Itoa(i)+"@example.com"))
	}
	for i, o := range send(t, client, ops...) {
		if o.Status != scimclient.Done || o.Resource.Name != ops[i].Body["userName"] || o.Resource.ExternalID != ops[i].Body["externalId"] {
			t.Fatalf("creation %d: %s, %+v, %v", i, o.Status, o.Resource, o.Fault)
		}
	}
	if ids, err := walk(t, client, scimclient.Page{}); err != nil || len(ids) != 95 {
		t.Errorf("%d listed, %v", len(ids), err)
	}
	if known := fault.Of(send(t, client, body("u7@example.com"))[0].Fault); known == nil || known.Kind != fault.Conflict || known.Code != scim.Uniqueness {
		t.Errorf("a second u7: %v", known)
	}
	found, err := client.Find(t.Context(), scimclient.User, "userName", "u7@example.com")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	id := found[0].ID
	off := scimclient.Operation{
		Method: scimclient.Patch, Type: scimclient.User, ID: id,
		Ops: []scimclient.PatchOp{{Op: "replace", Path: "active", Value: false}},
	}
	if o := send(t, client, off)[0]; o.Status != scimclient.Done || o.Resource == nil || o.Resource.Body["active"] != false {
		t.Errorf("deactivated: %+v, %v", o, o.Fault)
	}
	if got := statuses(send(t, client, remove(id), remove(id))); got != "done done" || server.Users() != 94 {
		t.Errorf("removed twice: %s", got)
	}
	if _, err := client.Get(t.Context(), scimclient.User, id); !fault.Is(err, fault.NotFound) {
		t.Errorf("after that: %v", err)
	}
}
