package entrasim

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// A permission is shown to whoever consents.
type permission struct{ Name, Words string }

var permissionWords = map[string]string{
	"User.Read.All":         "Read all users' full profiles",
	"User.ReadWrite.All":    "Read and write all users' full profiles",
	"GroupMember.Read.All":  "Read all group memberships",
	"Group.ReadWrite.All":   "Read and write all groups",
	"Organization.Read.All": "Read organization information",
	"Domain.Read.All":       "Read domains",
}

// asked are the permissions that somebody is asked to consent to: those in his name, or else those of the application.
func asked(e signIn) []permission {
	var all []permission
	for _, name := range e.delegated {
		all = append(all, permission{name, delegatedWords[name]})
	}
	if all != nil {
		return all
	}
	for _, name := range grantedRoles {
		all = append(all, permission{name, permissionWords[name]})
	}
	return all
}

// pages are plain HTML: every step is a form, none needs a script.
var pages = template.Must(template.New("pages").Parse(`{{define "head"}}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}} (simulated)</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f2f2f2;color:#1b1b1b}main{max-width:28rem;margin:3rem auto;padding:2rem;background:#fff;box-shadow:0 2px 6px #0003}
.mark{background:#8a3ffc;color:#fff;padding:.5rem 1rem;text-align:center}h1{font-size:1.4rem;margin:0 0 1rem}button{font:inherit;padding:.5rem 1.25rem;margin:.25rem .5rem .25rem 0;border:1px solid #666;background:#fff;cursor:pointer}
button.first{background:#0f62fe;border-color:#0f62fe;color:#fff}.account{display:block;width:100%;text-align:left}small{display:block;color:#555}textarea{width:100%;font:inherit;box-sizing:border-box}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem}</style></head><body>
<p class="mark" role="note">Simulated Microsoft Entra tenant: nothing here is Microsoft's, and no password is asked for.</p><main><h1>{{.Title}}</h1>{{end}}
{{define "foot"}}</main></body></html>{{end}}
{{define "hidden"}}{{range .Hidden}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">{{end}}{{end}}
{{define "account"}}{{template "head" .}}<p>to {{.Organization}}</p><form method="get">{{template "hidden" .}}
{{range .Accounts}}<button class="account" name="account" value="{{.UPN}}">{{.Name}}<small>{{.UPN}}</small><small>{{.Words}}</small></button>{{end}}</form>
<form method="post">{{template "hidden" .}}<button name="action" value="cancel">Cancel</button></form>{{template "foot"}}{{end}}
{{define "permissions"}}{{template "head" .}}<p>{{.Account}}</p><p>The application {{.Client}} wants to, {{if .InPerson}}in your name:{{else}}for all of {{.Organization}}:{{end}}</p>
<ul>{{range .Permissions}}<li>{{.Words}}<small>{{.Name}}</small></li>{{end}}</ul>
<form method="post">{{template "hidden" .}}{{if .InPerson}}<p><label><input type="checkbox" name="everybody" value="true"> Consent on behalf of your organization</label></p>{{end}}<button name="action" value="cancel">Cancel</button><button class="first" name="action" value="accept">Accept</button></form>{{template "foot"}}{{end}}
{{define "approval"}}{{template "head" .}}<p>{{.Account}}</p><p>The application {{.Client}} needs permissions that only an administrator of {{.Organization}} can grant:</p>
<ul>{{range .Permissions}}<li>{{.Words}}<small>{{.Name}}</small></li>{{end}}</ul>
<form method="post">{{template "hidden" .}}{{if .Workflow}}<p><label for="why">Why do you request this application?</label><textarea id="why" name="justification" rows="3" maxlength="500"></textarea></p>
<button class="first" name="action" value="request">Request approval</button>{{else}}<p>Ask an administrator to grant permission to this application before you can use it.</p>{{end}}
<button name="action" value="back">Return to the application without granting consent</button></form>{{template "foot"}}{{end}}
{{define "requested"}}{{template "head" .}}<p>{{.Account}}</p><p>Your request was sent to the administrators of {{.Organization}}.</p>
<form method="post">{{template "hidden" .}}<button class="first" name="action" value="back">Back to the application</button></form>{{template "foot"}}{{end}}
{{define "requests"}}{{template "head" .}}<p>Enterprise applications &gt; Activity &gt; Admin consent requests, of {{.Organization}}</p>
{{if .Requests}}<table><thead><tr><th>Who</th><th>Why</th><th>State</th><th></th></tr></thead><tbody>{{range .Requests}}<tr><td>{{.Account}}</td><td>{{.Justification}}</td><td>{{.State}}</td><td>
{{if eq .State "pending"}}<form method="post"><input type="hidden" name="id" value="{{.ID}}"><button class="first" name="action" value="approve">Review permissions and accept</button><button name="action" value="deny">Deny</button></form>{{end}}</td></tr>{{end}}</tbody></table>
{{else}}<p>Nobody has requested consent.</p>{{end}}{{template "foot"}}{{end}}
{{define "error"}}{{template "head" .}}<p>{{.Words}}</p><p><small>AADSTS{{.Code}}</small></p>{{template "foot"}}{{end}}`))

type pair struct{ Name, Value string }

type shownAccount struct{ Name, UPN, Words string }

type shown struct {
	Title, Organization, Client, Account string
	Words                                string
	Code                                 int
	Hidden                               []pair
	Accounts                             []shownAccount
	Permissions                          []permission
	Requests                             []consentRequest
	Workflow, InPerson                   bool
}

func (x *exchange) page(name string, status int, s shown) {
	s.Organization, s.Client = x.server.organizationName(), x.server.ClientID
	var out bytes.Buffer
	if err := pages.ExecuteTemplate(&out, name, s); err != nil {
		panic(err) // the templates are constant and the values plain
	}
	x.header.Set("Content-Type", "text/html; charset=utf-8")
	x.header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	x.header.Set("Cache-Control", "no-store")
	x.status, x.body = status, append(x.body[:0], out.Bytes()...)
}

// hidden are the parameters that go on to the next step.
func hidden(form url.Values, but ...string) []pair {
	var all []pair
	for name, values := range form {
		if !slices.Contains(but, name) && name != "action" && len(values) > 0 {
			all = append(all, pair{name, values[0]})
		}
	}
	slices.SortFunc(all, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (x *exchange) accountPage(e signIn) {
	s := shown{Title: "Pick an account", Hidden: hidden(e.form, "account")}
	for _, a := range accounts {
		s.Accounts = append(s.Accounts, shownAccount{a.name, x.upn(a), a.title})
	}
	x.page("account", http.StatusOK, s)
}

func (x *exchange) permissionsPage(e signIn) {
	x.page("permissions", http.StatusOK, shown{Title: "Permissions requested", Account: x.upn(e.who), Hidden: hidden(e.form), Permissions: asked(e), InPerson: len(e.delegated) > 0})
}

func (x *exchange) approvalPage(e signIn) {
	title := "Need admin approval"
	if x.requestable(e) {
		title = "Approval required"
	}
	x.page("approval", http.StatusOK, shown{
		Title: title, Account: x.upn(e.who), Hidden: hidden(e.form, "justification"), Permissions: asked(e), Workflow: x.requestable(e),
	})
}

func (x *exchange) requestedPage(e signIn) {
	x.page("requested", http.StatusOK, shown{Title: "Request sent", Account: x.upn(e.who), Hidden: hidden(e.form, "justification")})
}

// signInError is the page for requests that nobody is sent back from.
func (x *exchange) signInError(code int, words string) {
	x.page("error", http.StatusBadRequest, shown{Title: "Sorry, but we're having trouble signing you in.", Code: code, Words: fmt.Sprintf("AADSTS%d: %s", code, words)})
}
