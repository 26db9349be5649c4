package entrasim

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// anyTenant in the place of a tenant leaves the tenant to the account that signs in.
const anyTenant = "organizations"

// An account can sign in at the login service. Accounts are not among the people of the tenant.
type account struct {
	name, title string
	local       string // the userPrincipalName before the domain
	number      int
	// mayConsent: a Global or Privileged Role Administrator, who consents for the tenant.
	mayConsent bool
}

var accounts = []account{
	{name: "Alex Admin", title: "Global Administrator: may consent for the organization", local: "alex.admin", number: 1, mayConsent: true},
	{name: "Uma User", title: "User: may not consent", local: "uma.user", number: 2},
}

func (x *exchange) upn(a account) string {
	return a.local + "@" + x.server.directory.people.domains.all()[0]
}

func (s *Server) accountID(a account) guid { return s.space(spaceAccounts).id(a.number) }

func (x *exchange) accountNamed(upn string) (account, bool) {
	i := slices.IndexFunc(accounts, func(a account) bool { return strings.EqualFold(x.upn(a), upn) })
	if i < 0 {
		return account{}, false
	}
	return accounts[i], true
}

// A signIn is a request of the browser at one of the pages: what the application asked for, and what the person did.
type signIn struct {
	form              url.Values
	redirect          string
	who               account
	chosen            bool
	action            string // "", "accept", "cancel", "request"
	state, challenge  string
	scopes            []string
	needsConsent      bool
	delegated         []string // permissions in the account's name
	forAdministrators bool     // the page of admin consent
}

// enter reads the request and answers what no page can be shown for. Nobody is sent to an address that a wrong request names.
func (x *exchange) enter(forAdministrators bool) (signIn, bool) {
	if err := x.request.ParseForm(); err != nil {
		x.signInError(90014, "The request could not be read.")
		return signIn{}, false
	}
	f := x.request.Form
	e := signIn{
		form: f, redirect: f.Get("redirect_uri"), action: x.request.PostForm.Get("action"), state: f.Get("state"), challenge: f.Get("code_challenge"),
		scopes: strings.Fields(f.Get("scope")), needsConsent: x.server.app.now().consentGone, forAdministrators: forAdministrators,
	}
	e.delegated = x.delegated(e.scopes)
	e.who, e.chosen = x.accountNamed(f.Get("account"))
	segment := x.request.PathValue("tenant")
	switch {
	case !x.server.isTenant(segment) && segment != anyTenant:
		x.signInError(90002, "Tenant '"+segment+"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")
	case f.Get("client_id") == "":
		x.signInError(900144, "The request body must contain the following parameter: 'client_id'.")
	case !strings.EqualFold(f.Get("client_id"), x.server.ClientID), x.server.app.now().removed:
		x.signInError(700016, "Application with identifier '"+f.Get("client_id")+"' was not found in the directory '"+x.server.organizationName()+"'.")
	case !isRedirect(e.redirect):
		x.signInError(50011, "The redirect URI '"+e.redirect+"' specified in the request does not match the redirect URIs configured for the application.")
	default:
		return e, true
	}
	return signIn{}, false
}

// isRedirect accepts what an application can register: https, or http on this machine.
func isRedirect(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// goBack sends the browser to the application.
func (x *exchange) goBack(e signIn, pairs ...string) {
	u, err := url.Parse(e.redirect)
	if err != nil {
		x.signInError(50011, "The redirect URI is not an address.")
		return
	}
	query := u.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	if e.state != "" {
		query.Set("state", e.state)
	}
	u.RawQuery = query.Encode()
	x.header.Set("Location", u.String())
	x.header.Set("Cache-Control", "no-store")
	x.status = http.StatusFound
}

// goBackWith sends the browser to the application with an error.
func (x *exchange) goBackWith(e signIn, code, subcode string, aadsts, words string) {
	pairs := []string{"error", code, "error_description", "AADSTS" + aadsts + ": " + words + " Trace ID: " + x.requestID.String()}
	if subcode != "" {
		pairs = append(pairs, "error_subcode", subcode)
	}
	if e.forAdministrators {
		pairs = append(pairs, "admin_consent", "True")
	}
	x.goBack(e, pairs...)
}

// authorize signs somebody in and gives the application a code (RFC 6749, section 4.1). Consent to openid and profile is asked of the tenant, as
// where users may not consent by themselves.
func (x *exchange) authorize() {
	e, ok := x.enter(false)
	if !ok {
		return
	}
	switch {
	case e.form.Get("response_type") != "code":
		x.goBackWith(e, "unsupported_response_type", "", "700054", "response_type is not 'code'.")
	case e.form.Get("prompt") == "none":
		x.goBackWith(e, "login_required", "", "50058", "A silent sign-in request was sent but no user is signed in.")
	case !slices.Contains(e.scopes, "openid"):
		x.goBackWith(e, "invalid_scope", "", "70011", "The provided value for the input parameter 'scope' is not valid.")
	case e.challenge != "" && e.form.Get("code_challenge_method") != "S256":
		x.goBackWith(e, "invalid_request", "", "501491", "Invalid size or method of Code_Challenge parameter.")
	case e.action == "cancel":
		x.goBackWith(e, "access_denied", "cancel", "65004", "User declined to consent to access the app.")
	case !e.chosen:
		x.accountPage(e)
	case len(e.delegated) > 0 && !x.server.app.now().covers(x.server.accountID(e.who), e.delegated):
		x.consentInPerson(e)
	case len(e.delegated) == 0 && e.needsConsent && !e.who.mayConsent:
		x.seekApproval(e)
	default:
		x.giveCode(e)
	}
}

// consentInPerson asks an administrator whether the application may act in his name, or in that of everybody. Others may not consent to that.
func (x *exchange) consentInPerson(e signIn) {
	switch {
	case !e.who.mayConsent:
		x.seekApproval(e)
	case e.action != "accept":
		x.permissionsPage(e)
	default:
		who := x.server.accountID(e.who)
		if x.request.PostForm.Get("everybody") != "" {
			who = guid{}
		}
		x.server.delegate(who, e.delegated)
		x.giveCode(e)
	}
}

func (x *exchange) giveCode(e signIn) {
	x.goBack(e, "code", x.server.codes.issue(grantOf(e), x.now), "session_state", x.requestID.String())
}

// adminConsent lets an administrator consent for the tenant. The application hears of it by the address alone.
func (x *exchange) adminConsent() {
	e, ok := x.enter(true)
	if !ok {
		return
	}
	switch {
	case x.request.PathValue("tenant") == anyTenant:
		x.signInError(90009, "The v2.0 endpoint of admin consent needs a tenant.")
	case len(e.scopes) == 0:
		x.goBackWith(e, "invalid_scope", "", "70011", "The request must include a 'scope' input parameter.")
	case e.action == "cancel":
		x.goBackWith(e, "access_denied", "cancel", "65004", "User declined to consent to access the app.")
	case !e.chosen:
		x.accountPage(e)
	case !e.who.mayConsent:
		x.seekApproval(e)
	case e.action == "accept":
		x.server.app.set(func(a *appState) { a.consent() })
		x.goBack(e, "admin_consent", "True", "tenant", x.server.TenantID, "scope", strings.Join(e.scopes, " "))
	default:
		x.permissionsPage(e)
	}
}

// requestable reports whether consent can be requested from the administrators: only that of the tenant can, where there is a workflow.
func (x *exchange) requestable(e signIn) bool {
	return len(e.delegated) == 0 && !x.server.app.now().workflowOff
}

// seekApproval is what somebody meets who may not consent: he can request it, where the tenant lets him, or go back.
func (x *exchange) seekApproval(e signIn) {
	switch {
	case e.action == "back":
		x.goBackWith(e, "access_denied", "", "90094", "The grant requires administrator permission.")
	case e.action == "request" && x.requestable(e):
		x.server.requestConsent(x.upn(e.who), e.form.Get("justification"), x.now)
		x.requestedPage(e)
	default:
		x.approvalPage(e)
	}
}
