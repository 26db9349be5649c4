package console

import (
	"net/http"
	"strings"

	"rollcall/internal/engine"
)

// route is one page or action.
type route struct {
	// pattern is a method and a path below /org/{org}; with // in front of the path, one of the server itself.
	pattern string
	needs   access
	answer  func(w http.ResponseWriter, r *request) error
}

// table lists all pages. What each asks for is what the operation of the API with the same effect asks for.
func (s *server) table() []route {
	return []route{
		{"GET //{$}", whoever, s.home},
		{"GET //sign-in", everybody, s.signInForm},
		{"POST //sign-in", everybody, s.signIn},
		{"POST //sign-out", whoever, s.signOut},
		{"GET //join/{secret}", everybody, s.joinForm},
		{"POST //join/{secret}", everybody, s.join},
		{"POST //preferences", everybody, s.preferences},

		{"GET /profile", whoever, s.profile},
		{"POST /profile/password", whoever, s.changePassword},
		{"POST /profile/sessions/{id}/end", whoever, s.endSession},

		{"GET /overview", like("listInstances"), s.overview},
		{"GET /users", like("listUsers"), s.users},
		{"GET /users/{id}", like("getUser"), s.user},

		{"GET //connect/callback", like("returnFromMicrosoft"), s.arrive},
		{"GET /connections", like("listConnections"), s.connections},
		{"POST /connections", like("createConnection"), s.makeConnection},
		{"GET /connections/new", like("createConnection"), s.connectForm},
		{"GET /connections/registration", like("getRegistration"), s.registration},
		{"GET /connections/{id}", like("getConnection"), s.connection},
		{"POST /connections/{id}", like("changeConnection"), s.changeConnection},
		{"POST /connections/{id}/check", like("checkConnection"), s.onConnection((*engine.Engine).CheckConnection, "connection.checked")},
		{"POST /connections/{id}/read", like("readTenant"), s.onConnection((*engine.Engine).ReadTenant, "connection.reads")},
		{"POST /connections/{id}/delete", like("deleteConnection"), s.deleteConnection},
		{"GET /connections/{id}/consent", like("sendToMicrosoft"), s.beforeConsent},
		{"POST /connections/{id}/consent", like("sendToMicrosoft"), s.sendToMicrosoft},
		{"POST /connections/{id}/wait", like("awaitConsent"), s.requestAccess},
		{"POST /directory-connector", like("changeOrganization"), s.settleConnector},

		{"GET /administrators", administers, s.administrators},
		{"POST /administrators/invite", administers, s.invite},
		{"POST /administrators/{id}/role", administers, s.changeRole},
		{"POST /administrators/{id}/remove", administers, s.removeAdministrator},
		{"POST /invitations/{id}/remove", administers, s.uninvite},
	}
}

func (s *server) routes() {
	for _, route := range s.table() {
		method, path, _ := strings.Cut(route.pattern, " ")
		if own, whole := strings.CutPrefix(path, "//"); whole {
			path = "/" + own
		} else {
			path = "/org/{org}" + path
		}
		s.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, hr *http.Request) {
			hr.Body = http.MaxBytesReader(w, hr.Body, 1<<20)
			r := s.open(hr)
			err := s.admit(r, route.needs)
			if err == nil {
				err = route.answer(w, r)
			}
			if err != nil {
				s.fail(w, r, err)
			}
		})
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, hr *http.Request) {
		r := s.open(hr)
		if err := s.admit(r, everybody); err != nil {
			s.fail(w, r, err)
			return
		}
		s.failWith(w, r, http.StatusNotFound, "fail.notFound")
	})
}

// home leads to the first organization: there is no page above it.
func (s *server) home(w http.ResponseWriter, r *request) error {
	if len(r.organizations) == 0 {
		s.failWith(w, r, http.StatusNotFound, "fail.noOrganization")
		return nil
	}
	r.org = r.organizations[0].ID
	http.Redirect(w, r.Request, r.at(r.first()), http.StatusSeeOther)
	return nil
}
