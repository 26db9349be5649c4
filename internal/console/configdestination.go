package console

import (
	"net/http"

	"rollcall/internal/destination"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

type configDestinationView struct {
	fieldsView
	Form  destinationForm
	Offer *offerView
	// Shared: other instances write to the service, too.
	Shared []string
}

// remote finds the instance of the path and the service that it writes to; instances of the built-in directory have no such page.
func (s *server) remote(r *request) (engine.Instance, engine.RemoteService, error) {
	instance, _, err := s.configured(r)
	if err != nil {
		return instance, engine.RemoteService{}, err
	}
	service, err := s.Engine.Service(r.ctx(), instance)
	if err == nil && service == nil {
		err = fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	if err != nil {
		return instance, engine.RemoteService{}, err
	}
	return instance, *service, nil
}

func (s *server) configDestination(w http.ResponseWriter, r *request) error {
	instance, service, err := s.remote(r)
	if err != nil {
		return err
	}
	return s.showDestination(w, r, http.StatusOK, instance, service, nil)
}

func (s *server) showDestination(w http.ResponseWriter, r *request, status int, instance engine.Instance, service engine.RemoteService, wrong error) error {
	head := s.setupHead(r, instance, "destination")
	view := configDestinationView{fieldsView: fieldsView{head, nil}, Form: r.destinationForm(service, head.Path+"/destination/test", wrong)}
	offer, err := s.Engine.Offer(r.ctx(), instance)
	if err != nil {
		return err
	}
	if offer != nil {
		told := r.offer(*offer)
		view.Offer = &told
	}
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	if err != nil {
		return err
	}
	for _, other := range instances {
		if other.ServiceID == instance.ServiceID && other.ID != instance.ID {
			view.Shared = append(view.Shared, other.Name)
		}
	}
	r.titledConfiguration(head)
	return r.render(w, status, "configdestination", view)
}

// tryDestination tries the service of an instance as the form would make it.
func (s *server) tryDestination(w http.ResponseWriter, r *request) error {
	instance, service, err := s.remote(r)
	if err != nil {
		return err
	}
	change, err := r.changedService(service)
	if err != nil {
		return s.answerOffer(w, r, destination.Offer{}, err)
	}
	offer, err := s.Engine.TryChangedService(r.ctx(), instance, change)
	return s.answerOffer(w, r, offer, err)
}

// saveDestination changes profile and credential after they were tried. A form that nobody touched changes nothing.
func (s *server) saveDestination(w http.ResponseWriter, r *request) error {
	instance, service, err := s.remote(r)
	if err != nil {
		return err
	}
	path := "/setup/" + instance.ID.String() + "/destination"
	change, err := r.changedService(service)
	if err == nil && change == (engine.ServiceChange{}) {
		return r.done(w, path, "connection.unchanged")
	}
	if err == nil {
		_, err = s.Engine.TryAndChangeService(r.ctx(), instance, change)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return s.showDestination(w, r, http.StatusUnprocessableEntity, instance, service, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, path, "form.saved")
}

// serviceLine is the remote service of an instance in short, with what it left unsaid.
type serviceLine struct {
	Text, Href string
	Notes      []string
}

// serviceLine returns nil for an instance that writes to the built-in directory.
func (s *server) serviceLine(r *request, instance engine.Instance) (*serviceLine, error) {
	service, err := s.Engine.Service(r.ctx(), instance)
	if err != nil || service == nil {
		return nil, err
	}
	line := &serviceLine{Text: service.BaseURL, Href: r.at("/setup/", instance.ID.String(), "/destination")}
	offer, err := s.Engine.Offer(r.ctx(), instance)
	if offer != nil {
		line.Notes = offer.Service.Notes
	}
	return line, err
}
