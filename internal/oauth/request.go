package oauth

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// The codes of RFC 6749, section 5.2, that a bad request has.
const (
	invalidRequest   = "invalid_request"
	invalidScope     = "invalid_scope"
	unsupportedGrant = "unsupported_grant_type"
	wrongMethod      = "invalid_method"
)

// jwtBearer is the type of assertions that are taken (RFC 7523, section 2.2).
//
//nolint:gosec // a name, not a credential
const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// request is what is asked for, and the proof of who asks: a secret or an assertion.
type request struct {
	client            ident.ID
	secret, assertion string
	scopes            []directory.Right
}

// readRequest reads a request of a token. What is not one is fault.Invalid.
func readRequest(w http.ResponseWriter, r *http.Request) (request, error) {
	if r.Method != http.MethodPost {
		return request{}, fault.New(fault.NotFound, wrongMethod, "a token is asked for with POST")
	}
	form, err := readForm(w, r)
	if err != nil {
		return request{}, err
	}
	if grant := form.Get("grant_type"); grant != "client_credentials" {
		return request{}, fault.New(fault.Invalid, unsupportedGrant, "grant_type must be client_credentials, not %q", grant)
	}
	out := request{secret: form.Get("client_secret"), assertion: form.Get("client_assertion")}
	if kind := form.Get("client_assertion_type"); (kind != "" || out.assertion != "") && (kind != jwtBearer || out.assertion == "") {
		return request{}, fault.New(fault.Invalid, invalidRequest, "client_assertion_type must be %s, with a client_assertion", jwtBearer)
	}
	id := form.Get("client_id")
	if header := r.Header.Get("Authorization"); header != "" {
		name, secret, ok := basic(r)
		if !ok || out.secret != "" || out.assertion != "" || id != "" && id != name {
			return request{}, fault.New(fault.Invalid, invalidRequest, "the Authorization header is not of the kind Basic, or is not the only proof")
		}
		id, out.secret = name, secret
	}
	switch {
	case id == "":
		return request{}, fault.New(fault.Invalid, invalidRequest, "client_id is missing")
	case out.secret != "" && out.assertion != "":
		return request{}, fault.New(fault.Invalid, invalidRequest, "client_secret and client_assertion are two proofs where one is allowed")
	}
	// What is no id at all is like an id that nobody has.
	if parsed, err := ident.Parse(id); err == nil {
		out.client = parsed
	}
	out.scopes, err = readScopes(form.Get("scope"))
	return out, err
}

// readForm reads the parameters, each of which may come once only.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, fault.New(fault.Invalid, invalidRequest, "the content type must be application/x-www-form-urlencoded")
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, fault.New(fault.Invalid, invalidRequest, "the body has more than %d KiB", maxBody>>10)
	case err != nil:
		return nil, fault.New(fault.Invalid, invalidRequest, "the body could not be read")
	}
	form, err := url.ParseQuery(string(data))
	if err != nil {
		return nil, fault.New(fault.Invalid, invalidRequest, "the body is no form")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, fault.New(fault.Invalid, invalidRequest, "%s comes more than once", name)
		}
	}
	return form, nil
}

// basic reads the Authorization header, in which both parts are encoded as in forms (RFC 6749, section 2.3.1).
func basic(r *http.Request) (id, secret string, ok bool) {
	id, secret, ok = r.BasicAuth()
	if !ok {
		return "", "", false
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	return id, secret, idErr == nil && secretErr == nil
}

// readScopes reads scim:read and scim:write. No scope, and that by which Entra asks for all that were granted, are all there are.
func readScopes(text string) ([]directory.Right, error) {
	var scopes []directory.Right
	for name := range strings.FieldsSeq(text) {
		switch right := directory.Right(name); {
		case right == directory.ReadSCIM || right == directory.WriteSCIM:
			scopes = append(scopes, right)
		case name == ".default" || strings.HasSuffix(name, "/.default"):
			return nil, nil
		default:
			return nil, fault.New(fault.Invalid, invalidScope, "the scope %q is not known", name).
				WithRemedy("Ask for %s, %s or none.", directory.ReadSCIM, directory.WriteSCIM)
		}
	}
	return scopes, nil
}

// authenticate returns the client who asks; fault.Unauthenticated if it cannot prove that it is.
func (s *server) authenticate(ctx context.Context, asked request) (directory.Client, error) {
	switch {
	case asked.assertion != "":
		client, err := s.Directory.LiveClient(ctx, asked.client)
		if err != nil {
			return directory.Client{}, err
		}
		return client, s.checkAssertion(ctx, client, asked.assertion)
	case asked.secret != "":
		return s.Directory.AuthenticateClient(ctx, asked.client, asked.secret)
	}
	return directory.Client{}, fault.New(fault.Unauthenticated, "MissingProof", "neither client_secret nor client_assertion is there")
}
