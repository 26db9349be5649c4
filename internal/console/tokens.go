package console

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

type tokensView struct {
	Tabs []Choice
	// Org and TenantURL are what the page of the program asks for that will provision.
	Org, TenantURL string
	New            *newSecret
	Filters        []Choice
	Filtered       bool
	Rows           []tokenRow
	Sources        []Field
}

// newSecret is a secret just made, shown only now, and what belongs to it.
type newSecret struct{ Title, Secret, ClientID, TokenURL, Until string }

type tokenRow struct {
	ID, Name, Scope, About string
	State                  Pill
	// Warning says that the end is near; "" if it is not. Alive: it can be rotated and revoked.
	Warning            string
	Alive              bool
	Expires, OldSecret *Moment
	Used               *Moment
}

func (s *server) tokens(w http.ResponseWriter, r *request) error {
	return s.showTokens(w, r, nil)
}

// showTokens lists the organization's API tokens (E2), those that are over only when asked for.
func (s *server) showTokens(w http.ResponseWriter, r *request, made *newSecret) error {
	r.titled(r.say("tokens.title"), r.say("nav.settings"), "/tokens")
	organization, err := s.Directory.Organization(r.ctx(), r.org)
	if err != nil {
		return err
	}
	tokens, err := s.Directory.ListTokens(r.ctx(), r.org)
	if err != nil {
		return err
	}
	over := r.query("filter") == "over"
	view := tokensView{
		Tabs: r.credentialTabs("/tokens"), Org: r.org.String(), TenantURL: api.TenantURL(s.publicURL(r), r.org), New: made, Filtered: over,
		Sources: r.sourceFields(organization.BlockedSources),
	}
	counts := map[bool]int{}
	for _, token := range tokens {
		row := r.tokenRow(token)
		counts[!row.Alive]++
		if row.Alive != over {
			view.Rows = append(view.Rows, row)
		}
	}
	for _, value := range []bool{false, true} {
		name, count := map[bool]string{true: "over"}[value], counts[value]
		view.Filters = append(view.Filters, Choice{
			Text: r.say("tokens.filter." + orAll(name)), Href: r.at("/tokens") + map[bool]string{true: "?filter=over"}[value], Current: value == over, Count: &count,
		})
	}
	return r.render(w, http.StatusOK, "tokens", view)
}

func (r *request) credentialTabs(current string) []Choice {
	return []Choice{
		{Text: r.say("tokens.tab"), Href: r.at("/tokens"), Current: current == "/tokens"},
		{Text: r.say("clients.title"), Href: r.at("/tokens/clients"), Current: current == "/tokens/clients"},
	}
}

func (r *request) tokenRow(token directory.Token) tokenRow {
	state := token.State(r.now())
	row := tokenRow{
		ID: token.ID.String(), Name: token.Name, Scope: r.say("role." + string(token.Role)), State: r.credentialPill(state), Expires: r.moment(token.ExpiresAt),
		Used: r.moment(token.UsedAt), Alive: state != directory.CredentialRevoked && state != directory.CredentialExpired,
	}
	if token.Role.Provisions() {
		row.About = r.say("tokens.source."+string(token.Source)) + " · " + r.say("tokens.profile."+string(token.Profile))
	}
	if row.Alive && token.NoticeAt(r.now()) != directory.NoNotice {
		row.Warning = r.say("tokens.soon")
	}
	if row.Alive && r.now().Before(token.OldUntil) {
		row.OldSecret = r.moment(token.OldUntil)
	}
	return row
}

func (r *request) credentialPill(state directory.CredentialState) Pill {
	tone := map[directory.CredentialState]string{directory.CredentialGood: "ok", directory.CredentialSuspended: "warn", directory.CredentialOrphaned: "bad"}[state]
	if tone == "" {
		tone = "idle"
	}
	return pill(tone, r.say("tokens.state."+string(state)))
}

func (s *server) newToken(w http.ResponseWriter, r *request) error {
	return s.showNewToken(w, r, http.StatusOK, nil)
}

// tokenRoles are those that tokens of an organization may have, the ones for provisioning first.
func tokenRoles() []directory.Role {
	return append([]directory.Role{directory.SCIMWriter, directory.SCIMReader}, directory.PersonRoles()...)
}

func (s *server) showNewToken(w http.ResponseWriter, r *request, status int, wrong error) error {
	r.titled(r.say("tokens.new"), r.say("nav.settings"), "/tokens", r.say("tokens.title"), "/tokens")
	view := objectForm{New: true, Action: r.at("/tokens"), Back: r.at("/tokens"), Fields: append(r.credentialFields(tokenRoles()), r.lifeField())}
	view.Error = r.place(view.Fields, wrong)
	return r.render(w, status, "objectform", view)
}

// credentialFields are what tokens and clients have in common.
func (r *request) credentialFields(roles []directory.Role) []Field {
	role := Field{Name: "role", Label: r.say("tokens.scope"), Type: "select", Hint: r.say("tokens.scope.hint")}
	for _, value := range roles {
		role.Options = append(role.Options, Choice{Text: r.say("role." + string(value)), Value: string(value), Current: string(value) == r.value("role")})
	}
	source := Field{Name: "source", Label: r.say("tokens.source"), Type: "select", Hint: r.say("tokens.source.hint")}
	for _, value := range directory.Sources() {
		source.Options = append(source.Options, Choice{Text: r.say("tokens.source." + string(value)), Value: string(value), Current: string(value) == r.value("source")})
	}
	profile := Field{Name: "profile", Label: r.say("tokens.profile"), Type: "select", Hint: r.say("tokens.profile.hint")}
	for _, value := range directory.Profiles() {
		profile.Options = append(profile.Options, Choice{Text: r.say("tokens.profile." + string(value)), Value: string(value), Current: string(value) == r.value("profile")})
	}
	name := Field{Name: "name", Label: r.say("tokens.name"), Type: "text", Value: r.value("name"), Required: true, Max: 256, Complete: "off"}
	return []Field{name, role, source, profile}
}

// lifeField is for how many days a secret is good.
func (r *request) lifeField() Field {
	days := r.value("days")
	if days == "" {
		days = strconv.Itoa(int(directory.TokenLife / (24 * time.Hour)))
	}
	return Field{Name: "days", Label: r.say("tokens.days"), Type: "number", Value: days, Required: true, Hint: r.say("tokens.days.hint")}
}

// life reads lifeField: 1 to 3650 days.
func (r *request) life() (time.Duration, error) {
	days, err := strconv.Atoi(r.value("days"))
	if err != nil || days < 1 || days > 3650 {
		return 0, fault.New(fault.Invalid, "TokenLife", "a secret is good for 1 to 3650 days")
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

func (s *server) createToken(w http.ResponseWriter, r *request) error {
	life, err := r.life()
	role := directory.Role(r.value("role"))
	if err == nil && !slices.Contains(tokenRoles(), role) {
		err = fault.New(fault.Invalid, "UnknownRole", "%q is not a role of tokens", role)
	}
	var token directory.Token
	var secret string
	if err == nil {
		token, secret, err = s.Directory.CreateToken(r.ctx(), r.who.Credential(), directory.NewToken{
			OrgID: r.org, Name: r.value("name"), Role: role, Life: life, Source: directory.Source(r.value("source")), Profile: scim.Profile(r.value("profile")),
		})
	}
	if fault.Is(err, fault.Invalid) {
		return s.showNewToken(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return s.showTokens(w, r, &newSecret{Title: token.Name, Secret: secret, Until: r.day(token.ExpiresAt)})
}

func (s *server) rotateTokenForm(w http.ResponseWriter, r *request) error {
	return s.showRotateToken(w, r, http.StatusOK, nil)
}

func (s *server) showRotateToken(w http.ResponseWriter, r *request, status int, wrong error) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	tokens, err := s.Directory.ListTokens(r.ctx(), r.org)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(tokens, func(token directory.Token) bool { return token.ID == id && token.RevokedAt.IsZero() })
	if i < 0 {
		return fault.New(fault.NotFound, "UnknownToken", "there is no token %s that could be rotated", id)
	}
	return s.showRotation(w, r, status, tokens[i].Name, "/tokens", id, wrong)
}

// showRotation is the form for a new secret of a token or client.
func (s *server) showRotation(w http.ResponseWriter, r *request, status int, name, list string, id ident.ID, wrong error) error {
	overlap := Field{Name: "overlap", Label: r.say("tokens.overlap"), Type: "select", Hint: r.say("tokens.overlap.hint")}
	for _, hours := range []int{24, 0, 1, 7 * 24} {
		text := r.say("tokens.overlap.none")
		if hours > 0 {
			text = r.span(time.Duration(hours) * time.Hour)
		}
		overlap.Options = append(overlap.Options, Choice{Text: text, Value: strconv.Itoa(hours), Current: strconv.Itoa(hours) == r.value("overlap")})
	}
	r.titled(r.say("tokens.rotate.title", "name", name), r.say("nav.settings"), list)
	view := objectForm{Action: r.at(list, "/", id.String(), "/rotate"), Back: r.at(list), Button: r.say("tokens.rotate"), Fields: []Field{overlap, r.lifeField()}}
	view.Error = r.place(view.Fields, wrong)
	return r.render(w, status, "objectform", view)
}

// rotation reads the form of showRotation.
func (r *request) rotation() (directory.Rotation, error) {
	life, err := r.life()
	if err != nil {
		return directory.Rotation{}, err
	}
	hours, err := strconv.Atoi(r.value("overlap"))
	if err != nil || hours < 0 || hours > 30*24 {
		return directory.Rotation{}, fault.New(fault.Invalid, "TokenLife", "the old secret lives on for 0 to 720 hours")
	}
	overlap := time.Duration(hours) * time.Hour
	return directory.Rotation{Overlap: &overlap, Life: life}, nil
}

func (s *server) rotateToken(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	how, err := r.rotation()
	if err != nil {
		return s.showRotateToken(w, r, http.StatusUnprocessableEntity, err)
	}
	token, secret, err := s.Directory.RotateToken(r.ctx(), r.who.Credential(), r.org, id, how)
	if err != nil {
		return err
	}
	return s.showTokens(w, r, &newSecret{Title: token.Name, Secret: secret, Until: r.day(token.ExpiresAt)})
}

func (s *server) revokeToken(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.RevokeToken(r.ctx(), r.org, id); err != nil {
		return err
	}
	return r.done(w, "/tokens", "tokens.revoked")
}

// sourceFields say which sources may write over SCIM (B6).
func (r *request) sourceFields(blocked []directory.Source) []Field {
	var fields []Field
	for _, source := range directory.Sources() {
		fields = append(fields, Field{
			Name: "source-" + string(source), Label: r.say("tokens.source." + string(source)), Type: "checkbox", Checked: !slices.Contains(blocked, source),
		})
	}
	return fields
}

func (s *server) blockSources(w http.ResponseWriter, r *request) error {
	blocked := []directory.Source{}
	for _, source := range directory.Sources() {
		if r.value("source-"+string(source)) == "" {
			blocked = append(blocked, source)
		}
	}
	if err := s.Directory.BlockSources(r.ctx(), r.org, blocked); err != nil {
		return err
	}
	return r.done(w, "/tokens", "form.saved")
}
