package entrasim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// A pushLink ties an object of the tenant to one of the application.
type pushLink struct {
	target string
	// forgotten: the user was out of scope when he was written last. Entra does not manage him any more, and does not delete him.
	forgotten bool
	// manager is the one who was written last, by his id in the application.
	manager string
}

// A pushJob is what the provisioning service remembers of an application. Whoever uses it holds the service's lock.
type pushJob struct {
	client *pushClient
	scope  pushScope
	users  map[guid]*pushLink
	groups map[guid]string
	// members are those of groups who were written, by their ids here and in the application.
	members map[guid]map[guid]string
	// seen is how users were when they were written without a failure; an initial cycle begins with none.
	seen map[guid]pushUser
}

// A pushReport says what a cycle did.
type pushReport struct {
	Kind string `json:"kind"`
	// Counts are numbers of objects by what was done to them: created, updated, disabled, enabled, deleted, unchanged, skipped, failed;
	// group-created and so on; joined, left.
	Counts   map[string]int `json:"counts"`
	Failures []pushFailed   `json:"failures"`
	Requests int            `json:"requests"`
}

type pushFailed struct {
	Object string `json:"object"`
	Error  string `json:"error"`
}

// A pushTurn is one cycle under way, or something on demand.
type pushTurn struct {
	*pushJob
	dialect pushDialect
	report  *pushReport
}

func (j *pushJob) turn(kind string, dialect pushDialect) *pushTurn {
	return &pushTurn{j, dialect, &pushReport{Kind: kind, Counts: map[string]int{}, Failures: []pushFailed{}}}
}

// settle notes a failure of one object, with which the others go on; any other error ends the cycle.
func (t *pushTurn) settle(object guid, err error) error {
	var failure *pushFailure
	if !errors.As(err, &failure) {
		return err
	}
	t.report.Counts["failed"]++
	t.report.Failures = append(t.report.Failures, pushFailed{object.String(), failure.text})
	if failure.credential() {
		return err
	}
	return nil
}

// cycle writes what changed since the last one, or compares all: users, then their managers, then groups with their members.
func (t *pushTurn) cycle(ctx context.Context, d *directory) error {
	users := d.pushUsers(t.scope)
	pushOrder(users)
	for _, u := range users {
		if t.seen[u.id] == u {
			continue
		}
		err := t.user(ctx, u)
		if err == nil {
			t.seen[u.id] = u
		}
		if err := t.settle(u.id, err); err != nil {
			return err
		}
	}
	for _, u := range users {
		if err := t.settle(u.id, t.manager(ctx, u)); err != nil {
			return err
		}
	}
	for _, g := range d.pushGroups(t.scope) {
		if err := t.settle(g.id, t.group(ctx, g)); err != nil {
			return err
		}
	}
	return nil
}

// user does to the application what has become of a user.
func (t *pushTurn) user(ctx context.Context, u pushUser) error {
	link := t.users[u.id]
	switch {
	case link == nil && !u.active():
		t.report.Counts["skipped"]++ // nobody is created who is not active
		return nil
	case link == nil:
		return t.newcomer(ctx, u)
	case u.state == purged:
		return t.gone(ctx, u, link)
	}
	link.forgotten = !u.assigned
	now, err := t.client.do(ctx, http.MethodGet, "/Users/"+link.target, nil, nil)
	if isMissing(err) { // somebody removed him there: he is looked for as if he were new
		delete(t.users, u.id)
		return t.user(ctx, u)
	}
	if err != nil {
		return err
	}
	return t.update(ctx, u, link.target, now)
}

func isMissing(err error) bool {
	var failure *pushFailure
	return errors.As(err, &failure) && failure.status == http.StatusNotFound
}

// newcomer ties a user to whoever matches, or creates him.
func (t *pushTurn) newcomer(ctx context.Context, u pushUser) error {
	for i, mapping := range pushMappings[:numMatching] {
		now, err := t.client.find(ctx, "/Users", mapping.target.path(), u.values[i])
		if err != nil {
			return err
		}
		if target, _ := now["id"].(string); target != "" {
			t.users[u.id] = &pushLink{target: target}
			return t.update(ctx, u, target, now)
		}
	}
	made, err := t.client.do(ctx, http.MethodPost, "/Users", nil, t.dialect.newUser(u))
	if err != nil {
		return err
	}
	target, _ := made["id"].(string)
	if target == "" {
		return &pushFailure{http.StatusCreated, "POST /Users: the answer has no id"}
	}
	t.users[u.id] = &pushLink{target: target}
	t.report.Counts["created"]++
	return nil
}

// update writes what differs from what the application holds now.
func (t *pushTurn) update(ctx context.Context, u pushUser, target string, now pushObject) error {
	edits := t.dialect.edits(u, now)
	if len(edits) == 0 {
		t.report.Counts["unchanged"]++
		return nil
	}
	if _, err := t.client.do(ctx, http.MethodPatch, "/Users/"+target, nil, t.dialect.patch(edits)); err != nil {
		return err
	}
	switch {
	case edits[0].path != "active":
		t.report.Counts["updated"]++
	case u.active():
		t.report.Counts["enabled"]++
	default:
		t.report.Counts["disabled"]++
	}
	return nil
}

// gone is for users who were purged. Who was out of scope before stays in the application as he is.
func (t *pushTurn) gone(ctx context.Context, u pushUser, link *pushLink) error {
	if !link.forgotten {
		_, err := t.client.do(ctx, http.MethodDelete, "/Users/"+link.target, nil, nil)
		if err != nil && !isMissing(err) {
			return err
		}
		t.report.Counts["deleted"]++
	}
	delete(t.users, u.id)
	return nil
}

// manager writes a manager who is in the application, once both are there. One who is gone is cleared.
func (t *pushTurn) manager(ctx context.Context, u pushUser) error {
	link := t.users[u.id]
	if link == nil || !u.active() {
		return nil
	}
	wanted := ""
	if id, ok := parseGUID(u.manager); ok {
		manager := t.users[id]
		if manager == nil || manager.forgotten {
			return nil // he may come
		}
		wanted = manager.target
	}
	if wanted == link.manager {
		return nil
	}
	if _, err := t.client.do(ctx, http.MethodPatch, "/Users/"+link.target, nil, t.dialect.manager(wanted)); err != nil {
		return err
	}
	link.manager = wanted
	t.report.Counts["manager"]++
	return nil
}

// memberBatch is how many members one request adds or removes.
const memberBatch = 100

// group does to the application what has become of an assigned group.
func (t *pushTurn) group(ctx context.Context, g pushGroup) error {
	target := t.groups[g.id]
	switch {
	case !g.live && target == "":
		return nil
	case !g.live:
		_, err := t.client.do(ctx, http.MethodDelete, "/Groups/"+target, nil, nil)
		if err != nil && !isMissing(err) {
			return err
		}
		delete(t.groups, g.id)
		delete(t.members, g.id)
		t.report.Counts["group-deleted"]++
		return nil
	}
	target, err := t.settledGroup(ctx, g, target)
	if err != nil {
		return err
	}
	return t.memberships(ctx, g, target)
}

// settledGroup makes, finds or renames the object of a group, and returns its id.
func (t *pushTurn) settledGroup(ctx context.Context, g pushGroup, target string) (string, error) {
	var now pushObject
	var err error
	if target != "" {
		now, err = t.client.do(ctx, http.MethodGet, "/Groups/"+target, url.Values{"excludedAttributes": {"members"}}, nil)
		if isMissing(err) {
			delete(t.members, g.id)
			now, err = nil, nil
		}
	}
	if now == nil && err == nil {
		now, err = t.client.find(ctx, "/Groups", "displayName", g.name)
	}
	if now == nil && err == nil {
		t.report.Counts["group-created"]++
		now, err = t.client.do(ctx, http.MethodPost, "/Groups", nil, pushObject{
			"schemas": []string{scimGroup, adGroup}, "externalId": g.id.String(), "displayName": g.name, "meta": pushObject{"resourceType": "Group"},
		})
	}
	if err != nil {
		return "", err
	}
	target, _ = now["id"].(string)
	t.groups[g.id] = target
	var edits []pushEdit
	for path, value := range map[string]string{"displayName": g.name, "externalId": g.id.String()} {
		if was, _ := now[path].(string); was != value {
			edits = append(edits, pushEdit{adds: was == "", path: path, value: value})
		}
	}
	if len(edits) > 0 {
		_, err = t.client.do(ctx, http.MethodPatch, "/Groups/"+target, nil, t.dialect.patch(edits))
		t.report.Counts["group-updated"]++
	}
	return target, err
}

// memberships writes who joined and left, as far as they are in the application.
func (t *pushTurn) memberships(ctx context.Context, g pushGroup, target string) error {
	written := t.members[g.id]
	if written == nil {
		written = map[guid]string{}
		t.members[g.id] = written
	}
	var join, leave []guid
	for _, member := range g.members {
		if link := t.users[member]; link != nil && !link.forgotten && written[member] != link.target {
			join = append(join, member)
		}
	}
	for member := range written {
		if !slices.Contains(g.members, member) {
			leave = append(leave, member)
		}
	}
	for batch := range slices.Chunk(join, memberBatch) {
		if _, err := t.client.do(ctx, http.MethodPatch, "/Groups/"+target, nil, t.dialect.join(t.targets(batch))); err != nil {
			return err
		}
		for _, member := range batch {
			written[member] = t.users[member].target
		}
		t.report.Counts["joined"] += len(batch)
	}
	for batch := range slices.Chunk(leave, memberBatch) {
		ids := make([]string, len(batch))
		for i, member := range batch {
			ids[i] = written[member]
		}
		if _, err := t.client.do(ctx, http.MethodPatch, "/Groups/"+target, nil, t.dialect.leave(ids)); err != nil {
			return err
		}
		for _, member := range batch {
			delete(written, member)
		}
		t.report.Counts["left"] += len(batch)
	}
	return nil
}

// targets are the ids in the application of users who are there.
func (t *pushTurn) targets(users []guid) []string {
	ids := make([]string, len(users))
	for i, user := range users {
		ids[i] = t.users[user].target
	}
	return ids
}
