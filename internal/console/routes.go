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
		{"GET //help", everybody, s.help},

		{"GET /help", whoever, s.help},
		{"GET /help/licences", whoever, s.licences},
		{"GET /profile", whoever, s.profile},
		{"POST /profile/password", whoever, s.changePassword},
		{"POST /profile/sessions/{id}/end", whoever, s.endSession},

		{"GET /overview", like("listInstances"), s.overview},
		{"GET /users", like("listUsers"), s.users},
		{"GET /users/{id}", like("getUser"), s.user},
		{"POST /users", like("createUser"), s.createUser},
		{"GET /users/new", like("createUser"), s.newUser},
		{"GET /users/{id}/edit", like("changeUser"), s.editUser},
		{"POST /users/{id}/edit", like("changeUser"), s.changeUser},
		{"POST /users/{id}/active", like("changeUser"), s.switchUser},
		{"POST /users/{id}/delete", like("deleteUser"), s.deleteUser},
		{"POST /users/{id}/undo", like("undoUser"), s.undoObject},

		{"GET /groups", like("listGroups"), s.groups},
		{"POST /groups", like("createGroup"), s.createGroup},
		{"GET /groups/new", like("createGroup"), s.newGroup},
		{"GET /groups/{id}", like("getGroup"), s.group},
		{"GET /groups/{id}/edit", like("changeGroup"), s.editGroup},
		{"POST /groups/{id}/edit", like("changeGroup"), s.changeGroup},
		{"POST /groups/{id}/delete", like("deleteGroup"), s.deleteGroup},
		{"POST /groups/{id}/undo", like("undoGroup"), s.undoObject},
		{"GET /groups/{id}/members/new", like("addMembers"), s.newMembers},
		{"POST /groups/{id}/members", like("addMembers"), s.addMembers},
		{"POST /groups/{id}/members/{member}/remove", like("removeMember"), s.removeMember},

		{"GET /archive", like("listArchive"), s.archive},
		{"GET /archive/{id}", like("listArchive"), s.archived},
		{"GET /audit", like("listEvents"), s.auditLog},
		{"GET /audit/export", like("listEvents"), s.exportAudit},

		{"GET /email", like("getEmail"), s.email},
		{"POST /email", like("changeEmail"), s.changeEmail},
		{"POST /email/test", like("testEmail"), s.testEmail},
		{"GET /tokens", like("listTokens"), s.tokens},
		{"GET /tokens/new", like("createToken"), s.newToken},
		{"POST /tokens", like("createToken"), s.createToken},
		{"GET /tokens/{id}/rotate", like("rotateToken"), s.rotateTokenForm},
		{"POST /tokens/{id}/rotate", like("rotateToken"), s.rotateToken},
		{"POST /tokens/{id}/revoke", like("revokeToken"), s.revokeToken},
		{"POST /sources", like("changeOrganization"), s.blockSources},
		{"GET /domains", like("listDomains"), s.domains},
		{"POST /domains", like("addDomain"), s.addDomain},
		{"POST /domains/{name}/remove", like("removeDomain"), s.removeDomain},
		{"POST /domains/rule", like("changeOrganization"), s.requireDomains},
		{"GET /retention", like("getRetention"), s.retention},
		{"POST /retention", like("changeRetention"), s.changeRetention},
		{"POST /retention/preview", like("previewRetention"), s.previewRetention},
		{"GET /tokens/clients", like("listClients"), s.clients},
		{"GET /tokens/clients/new", like("createClient"), s.newClient},
		{"POST /tokens/clients", like("createClient"), s.createClient},
		{"GET /tokens/clients/{id}/rotate", like("rotateClient"), s.rotateClientForm},
		{"POST /tokens/clients/{id}/rotate", like("rotateClient"), s.rotateClient},
		{"POST /tokens/clients/{id}/revoke", like("revokeClient"), s.revokeClient},

		{"GET /directory-synchronization", like("listInstances"), s.syncInstances},
		{"POST /instances/{instance}/auto-sync", like("changeInstance"), s.setAutoSync},
		{"POST /instances/{instance}/sync", like("syncInstance"), s.syncNow},
		{"POST /instances/{instance}/dry-run", like("syncInstance"), s.dryRun},
		{"GET /instances/{instance}/name", like("changeInstance"), s.instanceName},
		{"POST /instances/{instance}/name", like("changeInstance"), s.renameInstance},
		{"POST /instances/{instance}/delete", like("deleteInstance"), s.deleteInstance},
		{"GET /instances/{instance}/withdraw", like("withdrawConsent"), s.beforeWithdrawal},
		{"POST /instances/{instance}/withdraw", like("withdrawConsent"), s.withdraw},
		{"POST /instances/{instance}/retry", like("retryFailed"), s.retryFailed},
		{"GET /instances/{instance}/summary", like("getSummary"), s.summary},
		{"GET /instances/{instance}/summary/{of}/{bucket}", like("listSummary"), s.bucket},
		{"GET /instances/{instance}/held", like("listHeld"), s.held},
		{"POST /instances/{instance}/held", like("approveHeld"), s.decideHeld},
		{"GET /instances/{instance}/provision", like("provisionUsers"), s.provisionForm},
		{"POST /instances/{instance}/provision", like("provisionUsers"), s.provision},
		{"POST /instances/{instance}/provision/find", like("provisionUsers"), s.findProvision},
		{"POST /instances/{instance}/provision/edit", like("provisionUsers"), s.editProvision},
		{"GET /instances/{instance}/explain", like("explainUser"), s.explain},
		{"GET /runs", like("listRuns"), s.runs},
		{"GET /runs/{id}", like("getRun"), s.run},
		{"GET /runs/{id}/report", like("getRunReport"), s.report},
		{"GET /runs/{id}/results", like("listRunResults"), s.results},
		{"POST /runs/{id}/apply", like("applyRun"), s.applyPlan},
		{"POST /runs/{id}/undo", like("undoRun"), s.undoRun},
		{"POST /runs/{id}/take-back", like("undoRun"), s.takeBack},
		{"GET /changes/{id}/members", like("listChangeMembers"), s.changeMembers},
		{"POST /changes/{id}/members", like("approveHeld"), s.decideMembers},
		{"GET /log", like("listLog"), s.log},
		{"GET /log/csv", like("exportLogCSV"), s.logCSV},
		{"GET /log/ndjson", like("exportLogJSON"), s.logNDJSON},
		{"GET /pins", like("listPins"), s.pins},
		{"POST /pins/{id}/lift", like("liftPin"), s.liftPin},

		{"GET /setup", like("createInstance"), s.setup},
		{"POST /setup", like("createInstance"), s.connect},
		{"GET /setup/{id}", like("createInstance"), s.begin},
		{"POST /setup/{id}", like("changeInstance"), s.proceed},
		{"POST /setup/{id}/reconnect", like("changeInstance"), s.reconnect},
		{"POST /setup/{id}/discard", like("deleteInstance"), s.discard},
		{"GET /setup/{id}/attributes", like("getInstance"), s.configAttributes},
		{"POST /setup/{id}/attributes", like("changeInstance"), s.saveAttributes},
		{"POST /setup/{id}/attributes/restore", like("restoreMappings"), s.restoreMappings},
		{"POST /setup/{id}/attributes/check", like("evaluateExpression"), s.checkMapping},
		{"POST /setup/{id}/attributes/compare", like("previewInstance"), s.compareMapping},
		{"POST /setup/{id}/attributes/people", like("getInstance"), s.findPeople},
		{"GET /setup/{id}/users", like("getInstance"), s.configUsers},
		{"POST /setup/{id}/users", like("changeInstance"), s.saveUsers},
		{"POST /setup/{id}/users/edit", like("changeInstance"), s.editUsers},
		{"POST /setup/{id}/users/find", like("getInstance"), s.findUsers},
		{"GET /setup/{id}/groups", like("getInstance"), s.configGroups},
		{"POST /setup/{id}/groups", like("changeInstance"), s.saveGroups},
		{"POST /setup/{id}/groups/edit", like("changeInstance"), s.editGroups},
		{"POST /setup/{id}/groups/find", like("getInstance"), s.findGroups},
		{"GET /setup/{id}/more", like("getInstance"), s.configMore},
		{"POST /setup/{id}/more", like("changeInstance"), s.saveMore},
		{"POST /setup/destination/test", like("testDestination"), s.testDestination},
		{"GET /setup/{id}/destination", like("getInstance"), s.configDestination},
		{"POST /setup/{id}/destination", like("changeInstance"), s.saveDestination},
		{"POST /setup/{id}/destination/test", like("testInstanceDestination"), s.tryDestination},
		{"POST /setup/{id}/foresight/{tab}", like("previewInstance"), s.foresee},
		{"GET /setup/{id}/review", like("getInstance"), s.review},
		{"POST /setup/{id}/review/find", like("getInstance"), s.findPilot},
		{"POST /setup/{id}/pilot", like("provisionUsers"), s.pilot},
		{"POST /setup/{id}/allow", like("changeInstance"), s.allow},

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
	table := s.table()
	if s.simulator != nil {
		table = append(table, s.simulatorTable()...)
	}
	for _, route := range table {
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
	r.lead(w, r.at(r.first()))
	return nil
}
