package console

import (
	"cmp"
	"net/http"
	"strings"

	"rollcall/internal/destination"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/scimclient"
)

// The ways in which a remote service is told who calls, and what a form calls the two destinations.
const (
	wayToken  = "token"
	wayOAuth  = "oauth"
	writesOut = "scim"
)

// destinationForm is the part of a form that says which remote service an instance writes to. Secrets are taken and never shown.
type destinationForm struct {
	Fields []Field
	Ways   []Choice
	// Token and OAuth are the fields of the two ways.
	Token, OAuth []Field
	// Test is where the form is sent to be tried.
	Test, Error string
}

// destinationFields are the fields that faults of a destination are about, by their codes; "" for the service as a whole.
var destinationFields = map[string]string{
	"DestinationAddress": "base", "InvalidURL": "base", "InsecureURL": "base", "DestinationToken": "token", "DestinationSecret": "clientSecret", "InvalidClient": "tokenUrl",
	"DestinationFailed": "",
}

func aboutDestination(wrong error) bool {
	known := fault.Of(wrong)
	if known == nil {
		return false
	}
	_, about := destinationFields[known.Code]
	return about
}

// destinationForm makes the fields, as they were posted, else as the service is; wrong is put beside the field that it is about.
func (r *request) destinationForm(now engine.RemoteService, test string, wrong error) destinationForm {
	posted := func(name, value string) string {
		if r.Method == http.MethodPost && r.PostForm.Has(name) {
			return r.value(name)
		}
		return value
	}
	profile := Field{Name: "profile", Label: r.say("destination.profile"), Type: "select", Hint: r.say("destination.profile.hint")}
	for _, known := range scimclient.Profiles() {
		profile.Options = append(profile.Options, Choice{Text: r.profileName(known), Value: known.Name, Current: known.Name == posted("profile", cmp.Or(now.Profile, "generic"))})
	}
	base := Field{Name: "base", Label: r.say("destination.base"), Type: "text", Value: posted("base", now.BaseURL), Hint: r.say("destination.base.hint"), Max: 2048, Complete: "off"}
	kept := ""
	if !now.ID.IsZero() {
		base.Locked, base.Value, base.Hint, kept = true, now.BaseURL, r.say("destination.base.stays"), " "+r.say("destination.kept")
	}
	way := wayToken
	if now.TokenURL != "" {
		way = wayOAuth
	}
	way = posted("way", way)
	f := destinationForm{
		Fields: []Field{profile, base}, Test: test,
		Ways: []Choice{{Text: r.say("destination.way.token"), Value: wayToken, Current: way == wayToken}, {Text: r.say("destination.way.oauth"), Value: wayOAuth, Current: way == wayOAuth}},
		Token: []Field{
			{Name: "token", Label: r.say("destination.token"), Type: "password", Hint: r.say("destination.token.hint") + kept, Max: 16384, Complete: "off"},
		},
		OAuth: []Field{
			{Name: "tokenUrl", Label: r.say("destination.tokenUrl"), Type: "text", Value: posted("tokenUrl", now.TokenURL), Max: 2048, Complete: "off"},
			{Name: "clientId", Label: r.say("destination.clientId"), Type: "text", Value: posted("clientId", now.ClientID), Max: 1024, Complete: "off"},
			{Name: "clientSecret", Label: r.say("destination.clientSecret"), Type: "password", Hint: r.say("destination.token.hint") + kept, Max: 4096, Complete: "off"},
			{Name: "scope", Label: r.say("destination.scope"), Type: "text", Value: posted("scope", now.Scope), Max: 1024, Complete: "off"},
		},
	}
	f.place(r, wrong)
	return f
}

func (f *destinationForm) place(r *request, wrong error) {
	if wrong == nil {
		return
	}
	text, _ := r.fault(wrong)
	name := ""
	if known := fault.Of(wrong); known != nil {
		name = destinationFields[known.Code]
	}
	for _, fields := range [][]Field{f.Fields, f.Token, f.OAuth} {
		for i := range fields {
			if fields[i].Name == name {
				fields[i].Error = text
				return
			}
		}
	}
	f.Error = sentence(text)
}

func (r *request) profileName(profile scimclient.Profile) string {
	if key := "destination.profile." + profile.Name; r.has(key) {
		return r.say(key)
	}
	return profile.Title
}

// enteredService is the remote service that a form describes.
func (r *request) enteredService() (engine.NewService, error) {
	service := engine.NewService{Profile: r.value("profile"), BaseURL: r.value("base"), Secret: r.value("token")}
	missing := "DestinationToken"
	if r.value("way") == wayOAuth {
		service.TokenURL, service.ClientID, service.Scope, service.Secret = r.value("tokenUrl"), r.value("clientId"), r.value("scope"), r.value("clientSecret")
		missing = "DestinationSecret"
	}
	switch {
	case service.BaseURL == "":
		return service, fault.New(fault.Invalid, "DestinationAddress", "the address of the service is missing")
	case service.Secret == "":
		return service, fault.New(fault.Invalid, missing, "the secret is missing")
	}
	return service, nil
}

// changedService is what the form changes of a service; nothing where nobody touched it. Another way to get tokens, or another client, comes with its secret.
func (r *request) changedService(now engine.RemoteService) (engine.ServiceChange, error) {
	var change engine.ServiceChange
	if profile := r.value("profile"); profile != now.Profile {
		change.Profile = &profile
	}
	if r.value("way") != wayOAuth {
		none, token := "", r.value("token")
		switch {
		case token != "":
			change.TokenURL, change.ClientID, change.Scope, change.Secret = &none, &none, &none, &token
		case now.TokenURL != "":
			return change, fault.New(fault.Invalid, "DestinationToken", "the token is missing")
		}
		return change, nil
	}
	url, client, scope, secret := r.value("tokenUrl"), r.value("clientId"), r.value("scope"), r.value("clientSecret")
	if secret != "" {
		change.TokenURL, change.ClientID, change.Secret = &url, &client, &secret
	} else if url != now.TokenURL || client != now.ClientID {
		return change, fault.New(fault.Invalid, "DestinationSecret", "the client secret is missing")
	}
	if scope != now.Scope {
		change.Scope = &scope
	}
	return change, nil
}

// offerView is what a remote service offers, or why it cannot be used.
type offerView struct {
	Facts []Choice
	Notes []string
	At    *Moment
	Error string
}

func (r *request) offer(offer destination.Offer) offerView {
	s := offer.Service
	either := func(is bool, yes, no string) string {
		if is {
			return r.say(yes)
		}
		return r.say(no)
	}
	var objects []string
	for _, one := range []struct {
		of  scimclient.Type
		key string
	}{{scimclient.User, "sync.types.users"}, {scimclient.Group, "sync.types.groups"}} {
		if _, has := s.Types[one.of]; has {
			objects = append(objects, r.say(one.key))
		}
	}
	bulk := r.say("destination.bulk.no")
	if s.Bulk != nil {
		bulk = r.say("destination.bulk", "n", s.Bulk.MaxOperations)
	}
	fact := func(key, value string) Choice { return Choice{Text: r.say("destination.offer." + key), Value: value} }
	return offerView{
		At: r.moment(offer.At), Notes: s.Notes,
		Facts: []Choice{
			fact("objects", strings.Join(objects, ", ")), fact("changes", either(s.Patch, "destination.patch", "destination.patch.no")+", "+bulk), fact("pages", r.say("destination.pages", "n", s.MaxResults)),
			fact("members", r.say("destination.members", "n", s.MaxMembersPerPatch)+", "+either(s.MembersTold, "destination.told", "destination.told.no")), fact("names", either(s.Rename, "destination.rename", "destination.rename.no")),
		},
	}
}

// answerOffer shows what a service that was tried offers, or what is wrong.
func (s *server) answerOffer(w http.ResponseWriter, r *request, offer destination.Offer, err error) error {
	view := offerView{}
	switch {
	case err == nil:
		view = r.offer(offer)
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		text, _ := r.fault(err)
		view.Error = sentence(text)
	default:
		return err
	}
	return r.render(w, http.StatusOK, "offer", view)
}

// testDestination tries the remote service of a new instance, as it stands in the form.
func (s *server) testDestination(w http.ResponseWriter, r *request) error {
	service, err := r.enteredService()
	if err != nil {
		return s.answerOffer(w, r, destination.Offer{}, err)
	}
	offer, err := s.Engine.TryService(r.ctx(), service)
	return s.answerOffer(w, r, offer, err)
}
