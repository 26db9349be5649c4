package console

import (
	"net/http"
	"slices"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// connectForm is the form of a connection: which tenant, which app registration, and what proves it.
type connectForm struct {
	Error string
	// Fields come first; Forms are the kinds of credentials that the server takes, with Secret and Certificate for two of them.
	Fields, Secret, Certificate []Field
	Forms                       []Choice
}

type connectView struct {
	connectForm
	Unsafe *Notice
}

// connectForm is where a tenant is connected (B0, B3, B4).
func (s *server) connectForm(w http.ResponseWriter, r *request) error {
	return s.showConnectForm(w, r, http.StatusOK, nil)
}

func (s *server) showConnectForm(w http.ResponseWriter, r *request, status int, wrong error) error {
	view := connectView{connectForm: s.connectionForm(r, nil, false, wrong), Unsafe: r.unsafeAddress()}
	r.belowSync(r.say("connect.title"), r.say("connections.title"), "/connections")
	return r.render(w, status, "connectnew", view)
}

// connectFields are the fields that faults are about, by their codes.
var connectFields = map[string]string{
	"UnknownCloud": "cloud", "ClientMissing": "client", "SecretMissing": "secret", "SecretEnded": "ends", "BadDate": "ends", "BadCertificate": "certificate",
	"CertificateEnded": "certificate", "CertificateMissing": "certificate", "TenantMissing": "tenant",
}

// connectionForm is the form of a new connection, or of one there is. used: instances use it, so that its tenant stays.
func (s *server) connectionForm(r *request, c *engine.Connection, used bool, wrong error) connectForm {
	now := engine.Connection{Form: engine.FormSecret, Cloud: s.Clouds[len(s.Clouds)-1]}
	if c != nil {
		now = *c
	} else if len(s.Clouds) <= 4 {
		now.Cloud = s.Clouds[0]
	}
	posted := func(name, value string) string {
		if wrong != nil && r.PostForm.Has(name) {
			return r.value(name)
		}
		return value
	}
	var form connectForm
	if c == nil {
		cloud := Field{Name: "cloud", Label: r.say("connect.cloud"), Type: "select", Hint: r.say("connect.cloud.hint")}
		for _, name := range s.Clouds {
			cloud.Options = append(cloud.Options, Choice{Text: r.cloudName(name), Value: name, Current: name == posted("cloud", now.Cloud)})
		}
		form.Fields = append(form.Fields, cloud)
	}
	if !used {
		form.Fields = append(form.Fields, Field{
			Name: "tenant", Label: r.say("connect.tenant"), Type: "text", Value: posted("tenant", now.TenantID), Hint: r.say("connect.tenant.hint"), Max: 256, Complete: "off",
		})
	}
	form.Fields = append(form.Fields, Field{
		Name: "client", Label: r.say("connection.client"), Type: "text", Value: posted("client", now.ClientID), Hint: r.say("connect.client.hint"), Required: true, Max: 256, Complete: "off",
	})
	kind := posted("form", string(now.Form))
	for _, known := range engine.CredentialForms() {
		if s.Engine.CheckForm(known) == nil {
			form.Forms = append(form.Forms, Choice{Text: r.say("credential." + string(known)), Value: string(known), Current: string(known) == kind})
		}
	}
	form.Secret = []Field{
		{Name: "secret", Label: r.say("connect.secret"), Type: "password", Hint: r.say("connect.secret.hint"), Max: 4096, Complete: "off"},
		{Name: "ends", Label: r.say("connect.ends"), Type: "date", Value: posted("ends", ""), Hint: r.say("connect.ends.hint"), Complete: "off"},
	}
	form.Certificate = []Field{{Name: "certificate", Label: r.say("connect.certificate"), Type: "textarea", Hint: r.say("connect.certificate.hint")}}
	form.Error = r.placeConnect(wrong, form.Fields, form.Secret, form.Certificate)
	return form
}

// placeConnect puts a fault under the field that it is about, and returns its text where there is none.
func (r *request) placeConnect(wrong error, parts ...[]Field) string {
	if wrong == nil {
		return ""
	}
	text, _ := r.fault(wrong)
	name := ""
	if f := fault.Of(wrong); f != nil {
		name = connectFields[f.Code]
	}
	for _, fields := range parts {
		if i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name }); i >= 0 {
			fields[i].Error = text
			return ""
		}
	}
	return text
}

// enteredCredential reads what was entered to prove the application.
func (r *request) enteredCredential() (engine.Credential, error) {
	credential := engine.Credential{Form: engine.CredentialForm(r.value("form"))}
	switch credential.Form {
	case engine.FormSecret:
		credential.ClientSecret = r.value("secret")
		if day := r.value("ends"); day != "" {
			ends, err := time.Parse(time.DateOnly, day)
			if err != nil {
				return credential, fault.New(fault.Invalid, "BadDate", "%q is not a date", day)
			}
			credential.ExpiresAt = ends
		}
		if credential.ClientSecret == "" && !credential.ExpiresAt.IsZero() {
			return credential, fault.New(fault.Invalid, "SecretMissing", "the client secret is missing")
		}
	case engine.FormCertificate:
		credential.Certificate = r.value("certificate")
	case engine.FormWorkload, engine.FormManaged: // nothing is entered
	}
	return credential, nil
}

func (s *server) makeConnection(w http.ResponseWriter, r *request) error {
	want := engine.NewConnection{TenantID: r.value("tenant"), Cloud: r.value("cloud"), ClientID: r.value("client")}
	var err error
	want.Credential, err = r.enteredCredential()
	switch {
	case err != nil:
	case want.ClientID == "":
		err = fault.New(fault.Invalid, "ClientMissing", "the client id is missing")
	case want.Credential.Form == engine.FormSecret && want.Credential.ClientSecret == "":
		err = fault.New(fault.Invalid, "SecretMissing", "the client secret is missing")
	case want.Credential.Form == engine.FormCertificate && want.Credential.Certificate == "":
		err = fault.New(fault.Invalid, "CertificateMissing", "the certificate is missing")
	case want.Credential.Form == engine.FormManaged && want.TenantID == "":
		err = fault.New(fault.Invalid, "TenantMissing", "the tenant's id is missing")
	}
	var connection engine.Connection
	if err == nil {
		connection, err = s.Engine.CreateConnection(r.ctx(), r.org, want)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return s.showConnectForm(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	path := "/connections/" + connection.ID.String()
	if connection.Form != engine.FormManaged {
		path += "/consent"
	}
	return r.done(w, path, "")
}
