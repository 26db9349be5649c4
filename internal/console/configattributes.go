package console

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"rollcall/internal/api"
	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

// The editor of mappings is an island (web/src/mapping.ts). It keeps the list as JSON in a field of the form, which Save posts, and asks here what is
// wrong with a mapping and what it makes of people.

// exampleUsers is how many people a mapping is tried on.
const exampleUsers = 10

type configAttributesView struct {
	fieldsView
	Mappings []mappingRow
	// JSON is the list, Names what can be completed, Words the texts of the island.
	JSON, Names, Words string
}

type mappingRow struct {
	Source, Target string
	Code           bool
	Pills          []Pill
}

func (s *server) configAttributes(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	return s.showAttributesTab(w, r, http.StatusOK, instance, settings, nil)
}

func (s *server) showAttributesTab(w http.ResponseWriter, r *request, status int, instance engine.Instance, settings engine.Settings, errors []string) error {
	head := s.setupHead(r, instance, "attributes")
	view := configAttributesView{fieldsView: fieldsView{head, errors}}
	var err error
	if view.JSON, err = asText(settings.Attributes); err != nil {
		return err
	}
	if view.Names, err = asText(completions()); err != nil {
		return err
	}
	texts := map[string]string{}
	for key := range r.texts {
		if name, ours := strings.CutPrefix(key, "mapping."); ours {
			texts[name] = r.say(key)
		}
	}
	if view.Words, err = asText(texts); err != nil {
		return err
	}
	for _, a := range settings.Attributes {
		view.Mappings = append(view.Mappings, r.mappingRow(a))
	}
	r.titledConfiguration(head)
	return r.render(w, status, "configattributes", view)
}

func asText(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

func (r *request) mappingRow(a mapping.Attribute) mappingRow {
	row := mappingRow{Target: a.Target}
	switch a.Kind {
	case mapping.Direct:
		row.Source = a.Source
	case mapping.Constant:
		row.Source = "“" + a.Constant + "”"
	case mapping.Expression:
		row.Source, row.Code = a.Expression, true
	case mapping.None:
		row.Source = r.say("mapping.none.row")
	}
	if a.Matching > 0 {
		row.Pills = append(row.Pills, pill("idle", r.say("mapping.matching")+" "+strconv.Itoa(a.Matching)))
	}
	if a.ClearWhenEmpty {
		row.Pills = append(row.Pills, pill("idle", r.say("mapping.clear")))
	}
	if a.Apply == mapping.OnlyOnCreate {
		row.Pills = append(row.Pills, pill("idle", r.say("mapping.onCreate")))
	}
	return row
}

// completion is what the editor offers while one types.
type completion struct {
	Attributes []string             `json:"attributes"`
	Functions  []completionFunction `json:"functions"`
	Targets    []string             `json:"targets"`
	Fixed      []string             `json:"fixed"`
	Matchable  []string             `json:"matchable"`
}

type completionFunction struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Meaning   string `json:"meaning"`
}

func completions() completion {
	c := completion{
		Attributes: source.Names(), Matchable: []string{attr.UserName, attr.ExternalID, attr.DisplayName},
		Targets: []string{
			"nickName", "userType", "preferredLanguage", "locale", "timezone", "profileUrl", "name.formatted", "name.middleName", `emails[type eq "work"].value`,
			attr.EnterpriseUser + ":department", attr.EnterpriseUser + ":employeeNumber", attr.EnterpriseUser + ":costCenter",
			attr.EnterpriseUser + ":organization", attr.EnterpriseUser + ":division",
		},
	}
	for i, a := range mapping.Defaults() {
		c.Targets = append(c.Targets, a.Target)
		if i < 6 {
			c.Fixed = append(c.Fixed, a.Target)
		}
	}
	slices.Sort(c.Targets)
	for _, f := range expr.Functions() {
		c.Functions = append(c.Functions, completionFunction{f.Name, f.Signature, f.Meaning})
	}
	return c
}

// readAttributes reads the list of mappings of a form.
func readAttributes(r *request, settings *engine.Settings) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	var attributes []mapping.Attribute
	if err := json.Unmarshal([]byte(r.PostForm.Get("attributes")), &attributes); err != nil {
		return fault.Wrap(fault.Invalid, "BadMappings", err, "the list of mappings cannot be read")
	}
	settings.Attributes = attributes
	return nil
}

func (s *server) saveAttributes(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	after := settings
	if err = readAttributes(r, &after); err == nil {
		err = s.saveTab(r, instance, settings, after, engine.Change{})
	}
	if err != nil {
		texts, ok := r.mistakes(err)
		if !ok {
			return err
		}
		return s.showAttributesTab(w, r, http.StatusUnprocessableEntity, instance, after, texts)
	}
	return r.saved(w, s.setupHead(r, instance, "attributes"))
}

func (s *server) restoreMappings(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	if _, err := s.Engine.RestoreMappings(r.ctx(), instance.ID); err != nil {
		return err
	}
	return r.done(w, "/setup/"+instance.ID.String()+"/attributes", "config.restored")
}

// checkedMapping is what is wrong with one mapping.
type checkedMapping struct {
	Mistakes []mistake `json:"mistakes"`
}

// mistake is a sentence and, in an expression, where it is: Line and Column from 1, Length in characters, 0 if it is nowhere; and what to put there.
type mistake struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Length  int    `json:"length"`
	Message string `json:"message"`
	Replace string `json:"replace,omitempty"`
}

// checkMapping says what is wrong with the mapping that is being edited.
func (s *server) checkMapping(w http.ResponseWriter, r *request) error {
	_, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	if err := readAttributes(r, &settings); err != nil {
		return err
	}
	at, err := strconv.Atoi(r.value("index"))
	if err != nil || at < 0 || at >= len(settings.Attributes) {
		return fault.New(fault.Invalid, "BadMappings", "there is no such mapping")
	}
	edited := settings.Attributes[at]
	out := checkedMapping{Mistakes: []mistake{}}
	if edited.Kind == mapping.Expression {
		for _, e := range api.CheckExpression(api.ExpressionText{Expression: edited.Expression}).Errors {
			out.Mistakes = append(out.Mistakes, r.mistake(edited.Expression, e))
		}
	}
	if len(out.Mistakes) == 0 {
		if wrong, is := r.wrongAt(settings, at); is {
			out.Mistakes = append(out.Mistakes, wrong...)
		}
	}
	return r.json(w, out)
}

// wrongAt is what is wrong with one mapping besides its expression.
func (r *request) wrongAt(settings engine.Settings, at int) (wrong []mistake, is bool) {
	_, err := mapping.Compile(settings.Attributes)
	all, ok := asErrors(err)
	if !ok {
		return nil, false
	}
	for _, one := range all {
		if one.Index == at {
			m := mistake{Message: sentence(one.Error())}
			if settings.Attributes[at].Kind == mapping.Direct {
				m.Replace = nearest(one.Error())
			}
			wrong = append(wrong, m)
		}
	}
	return wrong, true
}

var nearestName = regexp.MustCompile(`(?:the nearest is |did you mean )"?([\w.]+)|([\w.]+) is the nearest`)

// nearest is the name that a message offers instead of an unknown one, "" for none.
func nearest(message string) string {
	found := nearestName.FindStringSubmatch(message)
	if found == nil {
		return ""
	}
	return strings.TrimRight(found[1]+found[2], ".")
}

// mistake finds the word that an error of an expression is about.
func (r *request) mistake(text string, e api.ExpressionError) mistake {
	m := mistake{Line: e.Line, Column: e.Column, Length: 1, Message: sentence(e.Message), Replace: nearest(e.Message)}
	lines := strings.Split(text, "\n")
	if e.Line < 1 || e.Line > len(lines) {
		return m
	}
	line := []rune(strings.TrimSuffix(lines[e.Line-1], "\r"))
	start := e.Column - 1
	if start < len(line) && line[start] == '[' {
		start++
		m.Column++
	}
	end := start
	for end < len(line) && (unicode.IsLetter(line[end]) || unicode.IsDigit(line[end]) || strings.ContainsRune("_.-", line[end])) {
		end++
	}
	m.Length = max(1, end-start)
	if end == start {
		m.Replace = ""
	}
	return m
}

// comparedMapping is what a mapping makes of people.
type comparedMapping struct {
	Text  string          `json:"text"`
	Rows  []comparedValue `json:"rows"`
	Error string          `json:"error,omitempty"`
}

type comparedValue struct {
	Name     string `json:"name"`
	UserName string `json:"userName"`
	Before   string `json:"before"`
	After    string `json:"after"`
	Problem  string `json:"problem,omitempty"`
	Changed  bool   `json:"changed"`
}

// compareMapping tries the mapping that is being edited on people in scope, and on the one who was chosen, and counts all whom it would change.
func (s *server) compareMapping(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	if err := readAttributes(r, &settings); err != nil {
		return err
	}
	out := comparedMapping{Rows: []comparedValue{}}
	compared, err := s.Engine.CompareMapping(r.ctx(), instance, settings, r.value("target"), r.value("user"), exampleUsers)
	if err != nil {
		texts, ok := r.mistakes(err)
		if !ok {
			return err
		}
		out.Error = strings.Join(texts, " ")
		return r.json(w, out)
	}
	for _, e := range compared.Examples {
		before, after := shownValue(e.Before), shownValue(e.After)
		row := comparedValue{Name: e.Name, UserName: e.UserPrincipalName, Before: before, After: after, Changed: before != after}
		if e.Problem != "" {
			row.Problem = sentence(e.Problem)
		}
		out.Rows = append(out.Rows, row)
	}
	key := "mapping.changes"
	if !compared.Complete {
		key = "mapping.changes.part"
	}
	out.Text = r.say(key, "n", compared.Changed, "users", compared.Users)
	if len(compared.Unknown) > 0 {
		out.Text = r.say("mapping.unknown", "what", strings.Join(compared.Unknown, ", "))
	}
	return r.json(w, out)
}

// namedPerson is somebody of the tenant whom the editor offers to try a mapping on.
type namedPerson struct {
	Name     string `json:"name"`
	UserName string `json:"userName"`
}

// findPeople searches the tenant for the editor.
func (s *server) findPeople(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	users, err := s.Engine.Store.FindTenantUsers(r.ctx(), instance.ConnectionID, r.value("search"), exampleUsers)
	if err != nil {
		return err
	}
	people := make([]namedPerson, len(users))
	for i, user := range users {
		people[i] = namedPerson{user.Record.Text("displayName"), user.Record.Text("userPrincipalName")}
	}
	return r.json(w, people)
}
