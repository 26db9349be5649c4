package scimserver

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"

	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// projection reads the parameters that choose attributes.
func projection(k kind, query url.Values) scim.Projection {
	return k.resourceType().ParseProjection(names(query["attributes"]), names(query["excludedAttributes"]))
}

// names splits lists of names with commas between them.
func names(lists []string) []string {
	return strings.FieldsFunc(strings.Join(lists, ","), func(c rune) bool { return c == ',' || c == ' ' })
}

func ifMatch(r *http.Request) condition {
	return condition(strings.Join(r.Header.Values("If-Match"), ","))
}

func (s *server) read(w http.ResponseWriter, r *http.Request, k kind, id ident.ID) error {
	found, err := k.read(r.Context(), id, projection(k, r.URL.Query()))
	if err != nil {
		return err
	}
	if unchanged(r, found.version) {
		w.Header().Set("ETag", found.version)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return s.answer(w, r, http.StatusOK, found)
}

func (s *server) create(w http.ResponseWriter, r *http.Request, k kind) error {
	resource, err := body(r)
	if err != nil {
		return err
	}
	made, err := k.create(r.Context(), resource, projection(k, r.URL.Query()))
	if err != nil {
		return err
	}
	w.Header().Set("Location", made.location)
	return s.answer(w, r, http.StatusCreated, made)
}

func (s *server) replace(w http.ResponseWriter, r *http.Request, k kind, id ident.ID) error {
	resource, err := body(r)
	if err != nil {
		return err
	}
	changed, err := k.replace(r.Context(), id, resource, ifMatch(r), projection(k, r.URL.Query()))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, changed)
}

// patch answers with the resource for users. A group may be large, and Entra sends hundreds of patches to one: it is answered with only if
// the client names attributes.
func (s *server) patch(w http.ResponseWriter, r *http.Request, k kind, id ident.ID) error {
	message, err := body(r)
	if err != nil {
		return err
	}
	changed, err := k.patch(r.Context(), id, message, ifMatch(r), projection(k, r.URL.Query()))
	if err != nil {
		return err
	}
	if k == s.groups && !r.URL.Query().Has("attributes") {
		w.Header().Set("ETag", changed.version)
		return empty(w)
	}
	return s.answer(w, r, http.StatusOK, changed)
}

func (s *server) remove(w http.ResponseWriter, r *http.Request, k kind, id ident.ID) error {
	if err := k.remove(r.Context(), id, ifMatch(r)); err != nil {
		return err
	}
	return empty(w)
}

// answer answers with one resource.
func (s *server) answer(w http.ResponseWriter, r *http.Request, status int, it shown) error {
	w.Header().Set("ETag", it.version)
	return s.stream(w, r, status, func(ctx context.Context, out *bufio.Writer) error { return writeShown(ctx, out, it) })
}

// stream answers with what fill writes. As long as nothing has gone out, an error can still be told; afterwards only the end of the
// connection says that the answer is not whole.
func (s *server) stream(w http.ResponseWriter, r *http.Request, status int, fill func(context.Context, *bufio.Writer) error) error {
	begun := &opening{ResponseWriter: w, status: status}
	out, ok := s.buffers.Get().(*bufio.Writer)
	if !ok {
		out = bufio.NewWriterSize(nil, 32<<10)
	}
	out.Reset(begun)
	defer func() {
		out.Reset(nil)
		s.buffers.Put(out)
	}()
	err := fill(r.Context(), out)
	if err == nil {
		if err := out.Flush(); err != nil {
			s.Logger.DebugContext(r.Context(), "answer not written", "error", err.Error())
		}
		return nil
	}
	if !begun.done {
		return err
	}
	s.Logger.WarnContext(r.Context(), "an answer broke off", "request_id", exchangeOf(r.Context()).id, "error", err.Error())
	panic(http.ErrAbortHandler)
}

// opening sends the head of an answer with the first part of its body.
type opening struct {
	http.ResponseWriter
	status int
	done   bool
}

func (o *opening) Write(data []byte) (int, error) {
	if !o.done {
		o.done = true
		o.Header().Set("Content-Type", contentType)
		o.WriteHeader(o.status)
	}
	return o.ResponseWriter.Write(data)
}

// writeShown writes a resource, with its members if they are wanted.
func writeShown(ctx context.Context, out *bufio.Writer, it shown) error {
	if it.template != nil {
		_, err := out.Write(it.template.append(out.AvailableBuffer(), it.user))
		return err
	}
	data := scim.AppendJSON(out.AvailableBuffer(), it.resource)
	if it.members == nil {
		_, err := out.Write(data)
		return err
	}
	if _, err := out.Write(data[:len(data)-1]); err != nil {
		return err
	}
	if err := it.members.write(ctx, out); err != nil {
		return err
	}
	return out.WriteByte('}')
}
