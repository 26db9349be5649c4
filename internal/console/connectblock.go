package console

import (
	"net/http"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// connectorDialog asks what to do about the Directory Connector, which still feeds the organization (B6): template "connector", and a button with
// data-opens="connector".
type connectorDialog struct {
	// Names are those of its tokens and clients.
	Names string
	// Action is where the choice is posted; Next is the path below the organization's where it goes on.
	Action, Next string
	// Onward: Next is the set-up, and not the page that asked.
	Onward bool
}

// connectorDialog returns nil where no connector writes, or where who looks may not decide.
func (s *server) connectorDialog(r *request, next string) (*connectorDialog, error) {
	if !r.may("changeOrganization") {
		return nil, nil //nolint:nilnil // there is nothing to ask
	}
	names, err := s.Engine.FeedingConnectors(r.ctx(), r.org)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return &connectorDialog{Names: strings.Join(names, ", "), Action: r.at("/directory-connector"), Next: next, Onward: strings.HasPrefix(next, "/setup")}, nil
}

// settleConnector blocks the Directory Connector, or keeps it, and goes on. Whoever keeps it tells so to the page that makes the instance.
func (s *server) settleConnector(w http.ResponseWriter, r *request) error {
	next, word := local(r.value("next")), ""
	switch engine.Connector(r.value("choice")) {
	case engine.BlockConnector:
		if err := s.Engine.StopConnectors(r.ctx(), r.org); err != nil {
			return err
		}
		word = "connector.blocked"
	case engine.KeepConnector:
		if strings.Contains(next, "?") {
			next += "&directoryConnector=" + string(engine.KeepConnector)
		}
	default:
		return fault.New(fault.Invalid, "Choice", "%q is no choice", r.value("choice"))
	}
	return r.done(w, next, word)
}
