package scimserver

import (
	"bytes"
	"encoding/json"
	"net/http"

	"rollcall/internal/fault"
)

// contentType is that of all answers (RFC 7644, section 8.1).
const contentType = "application/scim+json; charset=utf-8"

// encode returns a document as JSON, without a line end.
func encode(document any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return nil, fault.Wrap(fault.Internal, "", err, "write an answer")
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// write answers with a document.
func (s *server) write(w http.ResponseWriter, r *http.Request, status int, document any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		s.Logger.DebugContext(r.Context(), "answer not written", "error", err.Error())
	}
}

// empty answers without a document.
func empty(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
