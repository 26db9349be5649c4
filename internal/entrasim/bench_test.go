package entrasim_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"rollcall/internal/entrasim"
)

const mapped = "$select=id,userPrincipalName,accountEnabled,displayName,givenName,surname,jobTitle,usageLocation,city,streetAddress,state," +
	"postalCode,businessPhones,mobilePhone,faxNumber,mail,userType&$expand=manager($select=id)"

// BenchmarkListPage is the time that the simulator takes for a page of 999 users, without the network.
func BenchmarkListPage(b *testing.B) {
	s := &entrasim.Server{Users: 100_000}
	h := bearer(b, s)
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), "GET", "/v1.0/users?$top=999&"+mapped, nil)
		r.Header = h
		w := &discard{header: http.Header{}}
		s.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
		b.SetBytes(int64(w.bytes))
	}
}

// BenchmarkMillion reports the memory of a tenant of ROLLCALL_USERS people (1,000,000 if not set) after one full walk and
// after a change of every tenth person. It is meant to be run alone: go test -run '^$' -bench Million -benchtime 1x.
func BenchmarkMillion(b *testing.B) {
	users := 1_000_000
	if n, err := strconv.Atoi(os.Getenv("ROLLCALL_USERS")); err == nil {
		users = n
	}
	for b.Loop() {
		s := &entrasim.Server{Users: users}
		h := bearer(b, s)
		for next := "/v1.0/users?$top=999&" + mapped; next != ""; {
			r := httptest.NewRequestWithContext(b.Context(), "GET", next, nil)
			r.Header = h
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			_, next, _ = strings.Cut(w.Body.String(), `"@odata.nextLink":"`)
			next = strings.TrimSuffix(next, `"}`)
		}
		b.ReportMetric(residentMiB(b), "MiB-walked")
		body := strings.NewReader(`{"changes":` + strconv.Itoa(users/10) + `}`)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), "POST", "/sim/random", body))
		if w.Code != 200 {
			b.Fatal(w.Body.String())
		}
		b.ReportMetric(residentMiB(b), "MiB-changed")
	}
}

// BenchmarkGroupsDeltaPage is the time that the simulator takes for a page of 1,000 members, without the network.
func BenchmarkGroupsDeltaPage(b *testing.B) {
	s := &entrasim.Server{Users: 100_000}
	h := bearer(b, s)
	for b.Loop() {
		w := &discard{header: http.Header{}}
		r := httptest.NewRequestWithContext(b.Context(), "GET", "/v1.0/groups/delta?$select=displayName,members", nil)
		r.Header = h
		s.ServeHTTP(w, r)
		if w.status != 200 {
			b.Fatal(w.status)
		}
		b.SetBytes(int64(w.bytes))
	}
}

// BenchmarkOneMembership is one user who joins or leaves a group of 10 or of 250,000, and the page that tells it.
func BenchmarkOneMembership(b *testing.B) {
	for _, size := range []int{10, 250_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s := &entrasim.Server{Users: 300_000, Groups: -1}
			h := bearer(b, s)
			call := func(method, path, body string) string {
				r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
				r.Header = h
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code/100 != 2 {
					b.Fatal(w.Body.String())
				}
				return w.Body.String()
			}
			between := func(text, before, after string) string {
				_, text, _ = strings.Cut(text, before)
				text, _, _ = strings.Cut(text, after)
				return text
			}
			id := between(call("POST", "/sim/groups", `{"from":0,"count":`+strconv.Itoa(size)+`}`), `"id":"`, `"`)
			link := between(call("GET", "/v1.0/groups/delta?$select=members&$deltatoken=latest", ""), `deltaLink":"`, `"`)
			for i := 0; b.Loop(); i++ {
				step := []string{"/leave", "/join"}[i%2]
				call("POST", "/sim/groups/"+id+step, `{"from":`+strconv.Itoa(i/2%size)+`,"count":1}`)
				page := call("GET", link, "")
				if strings.Count(page, `#microsoft.graph.user`) != 1 {
					b.Fatal(page)
				}
				link = between(page, `deltaLink":"`, `"`)
			}
		})
	}
}

// BenchmarkMillionMemberships reports the memory of 1,000,000 people in 10,000 groups of 100 and one of everybody, after a full round
// of the delta, and after another 1,000,000 memberships that came one group at a time. Meant to be run alone, as BenchmarkMillion.
func BenchmarkMillionMemberships(b *testing.B) {
	const users, groups, members = 1_000_000, 10_001, 100
	for b.Loop() {
		s := &entrasim.Server{Users: users, Groups: groups, GroupMembers: members}
		h := bearer(b, s)
		pages := 0
		var ids []string
		call := func(method, path, body string) string {
			r := httptest.NewRequestWithContext(b.Context(), method, path, strings.NewReader(body))
			r.Header = h
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != 200 {
				b.Fatal(w.Body.String())
			}
			return w.Body.String()
		}
		for next := "/v1.0/groups/delta?$select=displayName,members"; next != ""; pages++ {
			_, next, _ = strings.Cut(call("GET", next, ""), `"@odata.nextLink":"`)
			next = strings.TrimSuffix(next, `"}`)
		}
		b.ReportMetric(float64(pages), "pages")
		b.ReportMetric(residentMiB(b), "MiB-walked")
		for offset := 0; offset < groups; offset += 1000 {
			for part := range strings.SplitSeq(call("GET", "/sim/groups?limit=1000&offset="+strconv.Itoa(offset), ""), `"id":"`) {
				ids = append(ids, part[:min(36, len(part))])
			}
		}
		for i, id := range ids {
			if len(id) == 36 {
				call("POST", "/sim/groups/"+id+"/join", `{"from":`+strconv.Itoa(i*7919%(users-members))+`,"count":`+strconv.Itoa(members)+`}`)
			}
		}
		b.ReportMetric(residentMiB(b), "MiB-joined")
	}
}

func bearer(b *testing.B, s *entrasim.Server) http.Header {
	b.Helper()
	t := s.Tenant()
	r := httptest.NewRequestWithContext(context.Background(), "POST", "/"+t.TenantID+"/oauth2/v2.0/token",
		strings.NewReader(form("grant_type", "client_credentials", "client_id", t.ClientID, "client_secret", t.ClientSecret, "scope", "https://graph.microsoft.com/.default")))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	_, token, _ := strings.Cut(w.Body.String(), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	return http.Header{"Authorization": {"Bearer " + token}}
}

// residentMiB is the largest resident set of the process so far (VmHWM of Linux).
func residentMiB(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(line)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kib) / 1024
}

// discard is a ResponseWriter that only counts.
type discard struct {
	header http.Header
	status int
	bytes  int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) WriteHeader(status int) { d.status = status }

func (d *discard) Write(p []byte) (int, error) {
	d.bytes += len(p)
	return io.Discard.Write(p)
}
