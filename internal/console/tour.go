package console

import (
	"net/http"
	"strconv"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// tourSteps is how many steps a demo's tour has: consent, first sync, a person, blocked in the tenant, Inactive.
const tourSteps = 5

// tourView is the card of the tour on top of a page.
type tourView struct {
	// Offer: the tour can be begun, or gone on with if it was left.
	Offer, Left   bool
	Step, Of      int
	Heading, Text string
	Action, Href  string
	// Here: this is the page that the step points at. Done: what the step asks for is done.
	Here, Done bool
}

// tour is what this page shows of the tour: the step that one is at, or, on the first page, that there is one.
func (r *request) tour() *tourView {
	tour := r.who.Tour
	if r.server.simulator == nil || !r.may("changeUser") || tour.Step > tourSteps {
		return nil
	}
	view := &tourView{Left: tour.Left, Step: tour.Step, Of: tourSteps, Action: r.at("/tour"), Offer: tour.Step == 0 || tour.Left}
	if view.Offer {
		if r.URL.Path != r.at(r.first()) {
			return nil
		}
		return view
	}
	person, err := r.tourPerson()
	if err != nil {
		return nil // the page itself says what is wrong
	}
	key := "tour." + strconv.Itoa(tour.Step)
	view.Heading, view.Text, view.Href = r.say(key, "name", nameOf(person)), r.say(key+".text"), r.at(r.tourPage(tour.Step, person))
	view.Here = r.URL.Path == view.Href
	view.Done = tour.Step >= 4 && !person.Active()
	return view
}

// tourPage is the page that a step points at.
func (r *request) tourPage(step int, person directory.User) string {
	switch step {
	case 1:
		return r.tourConnection()
	case 3, 5:
		return "/users/" + person.ID.String()
	case 4:
		return "/simulator/users/" + person.SourceID
	}
	return "/overview"
}

// tourConnection is the page of the tenant's connection, which shows the consent; the list of connections if there is none.
func (r *request) tourConnection() string {
	connections, err := r.server.Engine.Store.ListConnections(r.ctx(), r.org)
	if err != nil || len(connections) == 0 {
		return "/connections"
	}
	return "/connections/" + connections[0].ID.String()
}

// tourPerson is whom the tour is about: the one who was chosen when it began, or, if he is gone, another one.
func (r *request) tourPerson() (directory.User, error) {
	if id, err := ident.Parse(r.who.Tour.Person); err == nil && !id.IsZero() {
		person, err := r.server.Directory.User(r.ctx(), r.org, id)
		if !fault.Is(err, fault.NotFound) {
			return person, err
		}
	}
	active := true
	people, err := r.server.Directory.ListUsers(r.ctx(), r.org, directory.UserQuery{Active: &active, Origin: "Entra", Limit: pageSize})
	if err != nil {
		return directory.User{}, err
	}
	for _, person := range people {
		if person.SourceID != "" {
			return person, nil
		}
	}
	return directory.User{}, fault.New(fault.Conflict, "TourTooEarly", "the directory has nobody of the tenant yet")
}

// moveTour begins the tour, goes on or back in it, leaves it, or takes it up again. It leads to the page of the step.
func (s *server) moveTour(w http.ResponseWriter, r *request) error {
	tour := r.who.Tour
	switch r.value("move") {
	case "start":
		tour = directory.Tour{Step: 1}
	case "next":
		tour.Step = min(tour.Step+1, tourSteps+1)
	case "back":
		tour.Step = max(tour.Step-1, 1)
	case "leave":
		tour.Left = true
	case "resume":
		tour.Left = false
	}
	person, err := r.tourPerson()
	if err != nil {
		return err
	}
	tour.Person = person.ID.String()
	if err := s.Directory.KeepTour(r.ctx(), r.who.ID, tour); err != nil {
		return err
	}
	page := r.tourPage(tour.Step, person)
	if tour.Left {
		page = r.first()
	}
	return r.done(w, page, "")
}
