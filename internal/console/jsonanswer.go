package console

import (
	"encoding/json"
	"errors"
	"net/http"

	"rollcall/internal/mapping"
)

// json answers an island.
func (r *request) json(w http.ResponseWriter, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(data); err != nil {
		r.server.Logger.DebugContext(r.ctx(), "answer not written", "error", err.Error())
	}
	return nil
}

func asErrors(err error) (mapping.Errors, bool) {
	var all mapping.Errors
	ok := errors.As(err, &all)
	return all, ok
}
