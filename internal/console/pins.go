package console

import (
	"net/http"

	"rollcall/internal/engine"
)

type pinsView struct {
	Tabs  []Choice
	Rows  []pinRow
	Pager Pager
}

type pinRow struct {
	ID, Type, Name, Address, Href, Instance string
	Members                                 int
	By, Why, RunHref                        string
	At                                      *Moment
	Keeps                                   bool
}

// pins lists what an undo left as it is until Entra changes it (D17).
func (s *server) pins(w http.ResponseWriter, r *request) error {
	after, err := idOf(r.query("cursor"))
	if err != nil {
		return err
	}
	found, err := s.Engine.Pins(r.ctx(), engine.PinQuery{Org: r.org, After: after, Limit: pageSize + 1})
	if err != nil {
		return err
	}
	names, err := s.instanceNames(r)
	if err != nil {
		return err
	}
	r.titled(r.say("sync.pins"), r.say("sync.runs"), "/runs")
	view := pinsView{Tabs: r.runTabs()}
	if !after.IsZero() {
		view.Pager.First = r.with()
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(found[pageSize-1].ID.String()))
	}
	for _, pin := range found {
		row := pinRow{
			ID: pin.ID.String(), Type: r.say("sync.type." + pin.Object.String()), Instance: names[pin.InstanceID], Members: pin.Members, By: pin.By, Why: pin.Why,
			RunHref: r.at("/runs/", pin.RunID.String()), At: r.moment(pin.At), Keeps: pin.Keeps,
		}
		row.Name, row.Address = nameAndAddress(pin.ObjectName)
		row.Href = r.pageOf(pin.Object, pin.ObjectID)
		view.Rows = append(view.Rows, row)
	}
	return r.render(w, http.StatusOK, "pins", view)
}

// liftPin lets what Entra says hold again.
func (s *server) liftPin(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Engine.LiftPin(r.ctx(), r.org, id); err != nil {
		return err
	}
	return r.done(w, "/pins", "sync.pins.lifted")
}
