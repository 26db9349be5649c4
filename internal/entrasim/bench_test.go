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
