package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"rollcall/e2e"
)

// push is what clients of the SCIM service were told is done.
type push struct {
	mu sync.Mutex
	// users by id with the title that was answered last, members of the group.
	titles  map[string]string
	members map[string]bool
}

// resource is what the service answers with, as far as it matters here.
type resource struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Members []struct {
		Value string `json:"value"`
	} `json:"members"`
}

func operation(path string, value any) map[string]any {
	return map[string]any{"Operations": []map[string]any{{"op": "Add", "path": path, "value": value}}}
}

// work makes users, changes them and puts them into a group, and notes what was answered, until the service is gone.
func (p *push) work(ctx context.Context, service e2e.Client, group, name string) {
	for n := 0; ctx.Err() == nil; n++ {
		var user resource
		body := map[string]any{"userName": fmt.Sprintf("%s-%d@contoso.example", name, n), "title": "made"}
		if service.Do(ctx, http.MethodPost, "/Users", body, &user) != nil {
			time.Sleep(time.Millisecond) // the limit of requests, or the end
			continue
		}
		p.note(user.ID, "made", false)
		if service.Do(ctx, http.MethodPatch, "/Users/"+user.ID, operation("title", "changed"), nil) == nil {
			p.note(user.ID, "changed", false)
		}
		if service.Do(ctx, http.MethodPatch, "/Groups/"+group, operation("members", []map[string]any{{"value": user.ID}}), nil) == nil {
			p.note(user.ID, "", true)
		}
	}
}

// note notes an answer; a title of "" stays as it was.
func (p *push) note(user, title string, member bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if title != "" {
		p.titles[user] = title
	}
	p.members[user] = p.members[user] || member
}

// TestEveryWriteThatWasAnsweredOverSCIMIsThereAfterAKill kills a server with -9 while programs push to it.
func TestEveryWriteThatWasAnsweredOverSCIMIsThereAfterAKill(t *testing.T) {
	tenant := startTenant(t, 10, 1)
	s := startSide(t, tenant)
	var organization struct {
		ID string `json:"id"`
	}
	if err := s.API.Do(t.Context(), http.MethodGet, "/api/v1/organizations/-", nil, &organization); err != nil {
		t.Fatal(err)
	}
	service := func() e2e.Client {
		return e2e.Client{Base: s.API.Base + "/identity/scim/" + organization.ID + "/v2", Token: s.API.Token}
	}
	var group resource
	if err := service().Do(t.Context(), http.MethodPost, "/Groups", map[string]any{"displayName": "Pushed"}, &group); err != nil {
		t.Fatal(err)
	}
	told := push{titles: map[string]string{}, members: map[string]bool{}}
	for round := range 3 {
		pushing, end := context.WithCancel(t.Context())
		var pushers sync.WaitGroup
		for n := range 4 {
			pushers.Go(func() { told.work(pushing, service(), group.ID, fmt.Sprintf("user-%d-%d", round, n)) })
		}
		before := told.count()
		deadline := time.Now().Add(20 * time.Second)
		for told.count() < before+40 && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		end()
		pushers.Wait()
		if told.count() == before {
			t.Fatal("nothing was written before the kill")
		}
		if err := s.Launch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		told.compare(t, service(), group.ID)
	}
	t.Logf("%d users were made, changed and put into a group", told.count())
}

func (p *push) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.titles)
}

// compare fails unless all that was answered is there.
func (p *push) compare(t *testing.T, service e2e.Client, group string) {
	t.Helper()
	titles := map[string]string{}
	for next, cursor := true, ""; next; {
		var page struct {
			Resources  []resource `json:"Resources"`
			NextCursor string     `json:"nextCursor"`
		}
		if err := service.Do(t.Context(), http.MethodGet, "/Users?count=500&attributes=title&cursor="+cursor, nil, &page); err != nil {
			t.Fatal(err)
		}
		for _, user := range page.Resources {
			titles[user.ID] = user.Title
		}
		cursor, next = page.NextCursor, page.NextCursor != ""
	}
	var whole resource
	if err := service.Do(t.Context(), http.MethodGet, "/Groups/"+group, nil, &whole); err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, member := range whole.Members {
		in[member.Value] = true
	}
	for user, title := range p.titles {
		is, there := titles[user]
		if !there || is != title && is != "changed" || p.members[user] && !in[user] {
			t.Errorf("user %s was answered with title %q, member %v; now: there %v, title %q, member %v", user, title, p.members[user], there, is, in[user])
		}
	}
}
