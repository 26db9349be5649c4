package console

import (
	"context"
	"net/http"

	"rollcall/internal/fault"
)

type domainsView struct {
	Error  string
	Rule   Field
	Rows   []domainRow
	Fields []Field
}

type domainRow struct {
	Name     string
	Verified *Moment
}

func (s *server) domains(w http.ResponseWriter, r *request) error {
	return s.showDomains(w, r, http.StatusOK, nil)
}

// showDomains lists verified domains, with the switch of D10.
func (s *server) showDomains(w http.ResponseWriter, r *request, status int, wrong error) error {
	r.titled(r.say("domains.title"), r.say("nav.settings"), "/domains")
	organization, err := s.Directory.Organization(r.ctx(), r.org)
	if err != nil {
		return err
	}
	domains, err := s.Directory.Domains(r.ctx(), r.org)
	if err != nil {
		return err
	}
	view := domainsView{
		Rule:   Field{Name: "require", Label: r.say("domains.rule"), Type: "checkbox", Hint: r.say("domains.rule.hint"), Checked: organization.RequireVerifiedDomain},
		Fields: []Field{{Name: "name", Label: r.say("domains.name"), Type: "text", Value: r.value("name"), Required: true, Max: 254, Complete: "off", Hint: r.say("domains.name.hint")}},
	}
	if wrong != nil {
		view.Fields[0].Error, _ = r.fault(wrong)
	}
	for _, domain := range domains {
		view.Rows = append(view.Rows, domainRow{Name: domain.Name, Verified: r.moment(domain.VerifiedAt)})
	}
	return r.render(w, status, "domains", view)
}

// changeDomains writes something about domains, and lets those be planned again who failed for it, in the same transaction.
func (s *server) changeDomains(r *request, write func(ctx context.Context) error) error {
	return s.Engine.Store.InTx(r.ctx(), func(ctx context.Context) error {
		if err := write(ctx); err != nil {
			return err
		}
		return s.Engine.DomainsChanged(ctx, r.org)
	})
}

func (s *server) addDomain(w http.ResponseWriter, r *request) error {
	err := s.changeDomains(r, func(ctx context.Context) error {
		_, err := s.Directory.AddDomain(ctx, r.org, r.value("name"))
		return err
	})
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return s.showDomains(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/domains", "domains.added")
}

func (s *server) removeDomain(w http.ResponseWriter, r *request) error {
	err := s.changeDomains(r, func(ctx context.Context) error { return s.Directory.RemoveDomain(ctx, r.org, r.PathValue("name")) })
	if err != nil {
		return err
	}
	return r.done(w, "/domains", "domains.removed")
}

func (s *server) requireDomains(w http.ResponseWriter, r *request) error {
	err := s.changeDomains(r, func(ctx context.Context) error {
		return s.Directory.RequireVerifiedDomain(ctx, r.org, r.value("require") != "")
	})
	if err != nil {
		return err
	}
	return r.done(w, "/domains", "form.saved")
}
