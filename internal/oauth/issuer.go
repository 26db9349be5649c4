package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
)

const (
	// fresh is for how long keys are used without asking for them again.
	fresh = time.Hour
	// stale is for how long they are used while the issuer does not answer.
	stale = 24 * time.Hour
	// patience is how long an issuer is left alone after it was asked, whatever it answered: an assertion with a key that it does not have
	// must not make this server ask it over and over.
	patience = 30 * time.Second
	// maxDocument is how large its documents may be, in bytes.
	maxDocument = 1 << 20
)

// issuers keeps the keys of issuers. It is safe for concurrent use.
type issuers struct {
	http *http.Client
	now  func() time.Time
	mu   sync.Mutex
	// known holds issuers by where their keys are said to be.
	known map[string]*issuer
}

// issuer is one, with its keys as they were fetched last.
type issuer struct {
	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time
	asked   time.Time
	failure error
}

func newIssuers(client *http.Client, now func() time.Time) *issuers {
	return &issuers{http: client, now: now, known: map[string]*issuer{}}
}

// keys returns the issuer's keys with the id, or all of them if the id is "". An id that is not known makes it ask again.
func (s *issuers) keys(ctx context.Context, of directory.Federation, keyID string) ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	place := of.Issuer + " " + of.KeysURL
	i := s.known[place]
	if i == nil {
		i = &issuer{}
		s.known[place] = i
	}
	s.mu.Unlock()
	i.mu.Lock()
	defer i.mu.Unlock()
	now := s.now()
	age := now.Sub(i.fetched)
	found := withID(i.keys, keyID)
	if (len(found) == 0 || age >= fresh) && now.Sub(i.asked) >= patience {
		i.asked = now
		var keys []jose.JSONWebKey
		if keys, i.failure = s.fetch(ctx, of); i.failure == nil {
			i.keys, i.fetched, age = keys, now, 0
			found = withID(keys, keyID)
		}
	}
	switch {
	case i.failure != nil && (len(found) == 0 || age >= stale):
		f := fault.Wrap(fault.Unavailable, "IssuerKeys", i.failure, "the keys of "+of.Issuer+" cannot be had")
		f.RetryAfter = patience
		return nil, f
	case len(found) == 0:
		return nil, fault.New(fault.Unauthenticated, "UnknownKey", "%s has no key %q", of.Issuer, keyID)
	}
	return found, nil
}

func withID(keys []jose.JSONWebKey, id string) []jose.JSONWebKey {
	var found []jose.JSONWebKey
	for _, key := range keys {
		if id == "" || key.KeyID == id {
			found = append(found, key)
		}
	}
	return found
}

// fetch reads the issuer's keys, those that sign and are public.
func (s *issuers) fetch(ctx context.Context, of directory.Federation) ([]jose.JSONWebKey, error) {
	// Who asks may go away; the keys are for others too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	address := of.KeysURL
	if address == "" {
		var discovered struct {
			Issuer string `json:"issuer"`
			Keys   string `json:"jwks_uri"`
		}
		if err := s.read(ctx, strings.TrimRight(of.Issuer, "/")+"/.well-known/openid-configuration", &discovered); err != nil {
			return nil, err
		}
		if discovered.Issuer != of.Issuer {
			return nil, fmt.Errorf("its discovery document is that of %q", discovered.Issuer)
		}
		address = discovered.Keys
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := s.read(ctx, address, &set); err != nil {
		return nil, err
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		// A key of a kind that is not known here is one that nothing is checked with.
		if err := json.Unmarshal(raw, &key); err == nil && key.IsPublic() && key.Valid() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no key to check signatures with")
	}
	return keys, nil
}

// read reads a JSON document by https.
func (s *issuers) read(ctx context.Context, address string, into any) (err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an https address", address)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, response.Status)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	switch {
	case err != nil:
		return err
	case len(data) > maxDocument:
		return fmt.Errorf("the document at %s has more than %d bytes", address, maxDocument)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the document at %s: %w", address, err)
	}
	return nil
}
