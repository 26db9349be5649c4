package entrasim_test

import (
	"strings"
	"testing"

	"rollcall/internal/entrasim"
)

func TestARouteIsTakenAsTheStatisticsPrintIt(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	c.get("/v1.0/users/delta")
	c.do("POST", "/v1.0/$batch", object{"requests": []object{{"id": "1", "method": "GET", "url": "/organization"}}})
	for _, line := range c.sim("GET", "/sim/stats", nil, 200).list("routes") {
		rule := c.sim("POST", "/sim/faults", object{"route": line["route"], "kind": "error", "times": 1}, 201)
		method, path, _ := strings.Cut(strings.TrimSuffix(line.text("route"), " (in a batch)"), " ")
		if rule.text("method") != method || rule.text("route") != path {
			t.Errorf("%s was read as %s %s", line.text("route"), rule.text("method"), rule.text("route"))
		}
	}
	if a := c.do("GET", "/v1.0/users/delta", nil); a.status != 503 {
		t.Errorf("the rule did not fire: %d", a.status)
	}
}

func TestARuleAboutOneObjectLeavesFunctionsAndCountsAlone(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	for _, set := range []string{"users", "groups"} {
		c.sim("POST", "/sim/faults", object{"route": "GET /v1.0/" + set + "/{id}", "kind": "error"}, 201)
		for _, path := range []string{"delta", "delta()", "microsoft.graph.delta()", "$count"} {
			if a := c.do("GET", "/v1.0/"+set+"/"+path, nil, "ConsistencyLevel", "eventual"); a.status != 200 {
				t.Errorf("%s/%s: %d %s", set, path, a.status, a.raw)
			}
		}
		id := c.get("/v1.0/" + set).list("value")[0].text("id")
		if a := c.do("GET", "/v1.0/"+set+"/"+id, nil); a.status != 503 {
			t.Errorf("the rule did not fire: %d", a.status)
		}
	}
}

func TestARouteThatNeverFiresIsRefusedWithASentence(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	for _, tt := range []struct {
		rule object
		want string
	}{
		{object{"route": "users/delta", "kind": "error"}, `"users/delta" does not begin with /`},
		{object{"route": "no-such", "kind": "error"}, `("/v1.0/users$")`},
		{object{"route": "GET no-such", "kind": "error"}, `"no-such" does not begin with /`},
		{object{"route": "GET /v1.0/users", "method": "POST", "kind": "error"}, "the route says GET, and method says POST"},
		{object{"route": "/sim/users", "kind": "error"}, "the control API is never faulted"},
	} {
		a := c.do("POST", "/sim/faults", tt.rule)
		if a.status != 400 || !strings.Contains(a.body.text("error"), tt.want) {
			t.Errorf("%v: %d %s", tt.rule, a.status, a.raw)
		}
	}
	if rules := c.sim("GET", "/sim/faults", nil, 200).list("faults"); len(rules) != 0 {
		t.Errorf("refused, and there all the same: %v", rules)
	}
	index := c.sim("GET", "/sim/", nil, 200).object("endpoints").text("POST /sim/faults")
	if !strings.Contains(index, `"route":"GET /v1.0/users/delta"`) {
		t.Errorf("GET /sim/ gives no example: %s", index)
	}
}
