package entrasim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	segmentPattern = regexp.MustCompile(`\\\{[^}]*\\\}`)
	methodPattern  = regexp.MustCompile(`^[A-Za-z]+ +`)
)

// routeSyntax is what whoever made a mistake, and GET /sim/, is told.
const routeSyntax = `a route is the beginning of a path ("/v1.0/users"), exact with $ at its end ("/v1.0/users$"), with * for anything and {name} for ` +
	`one segment but delta, $count and a name in microsoft.graph ("/{tenant}/oauth2*"), and may have a method before it ("GET /v1.0/users/delta")`

// readRoute takes the method out of the route, compiles it, and refuses one that would never fire.
func (r *FaultRule) readRoute() error {
	r.Route = strings.TrimSuffix(r.Route, batchSuffix)
	if method := methodPattern.FindString(r.Route); method != "" {
		r.Route = strings.TrimPrefix(r.Route, method)
		method = strings.ToUpper(strings.TrimSpace(method))
		if r.Method != "" && !strings.EqualFold(r.Method, method) {
			return fmt.Errorf("the route says %s, and method says %s: give one of them", method, r.Method)
		}
		r.Method = method
	}
	if r.Route != "" && !strings.HasPrefix(r.Route, "/") && !strings.HasPrefix(r.Route, "*") {
		return fmt.Errorf("route %q does not begin with / and would never fire: %s", r.Route, routeSyntax)
	}
	if path := strings.TrimSuffix(r.Route, "$"); path == "/sim" || strings.HasPrefix(path, "/sim/") {
		return fmt.Errorf("route %q would never fire: the control API is never faulted", r.Route)
	}
	var err error
	if r.pattern, err = compileRoute(r.Route); err != nil {
		return fmt.Errorf("route %q: %w", r.Route, err)
	}
	return nil
}

// compileRoute makes a regular expression of a rule's route.
func compileRoute(route string) (*regexp.Regexp, error) {
	exact := strings.HasSuffix(route, "$")
	p := regexp.QuoteMeta(strings.TrimSuffix(route, "$"))
	p = segmentPattern.ReplaceAllString(p, `([^/]+)`)
	p = "^" + strings.ReplaceAll(p, `\*`, `.*`)
	if exact {
		p += "$"
	}
	return regexp.Compile(p)
}

// matches tells whether the route fits a path. As in the routes of the statistics, {id} stands for an object and not for the functions and types
// beside it: a rule about one group is none about their delta.
func (r *FaultRule) matches(path string) bool {
	found := r.pattern.FindStringSubmatch(path)
	return found != nil && !slices.ContainsFunc(found[1:], func(segment string) bool {
		return segment == "$count" || strings.HasPrefix(segment, "microsoft.graph.") || strings.TrimSuffix(segment, "()") == "delta"
	})
}
