package entrasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// editor turns properties as Graph names them into an edit of a user. A null clears. The manager is an id, a
// userPrincipalName or null. id can be given to a new user only.
func (d *directory) editor(properties map[string]json.RawMessage, created bool) (func(*user), error) {
	var edits []func(*user)
	for name, raw := range properties {
		p, ok := userResource.property(name)
		if !ok || p == propCreatedDateTime || p == propDeletedDateTime || p == propID && !created {
			return nil, refuse(http.StatusBadRequest, "%q cannot be set: give properties of a user as Graph names them", name)
		}
		edit, err := d.edit(p, raw)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "%q: %v", name, err)
		}
		edits = append(edits, edit)
	}
	return func(u *user) {
		for _, e := range edits {
			e(u)
		}
	}, nil
}

func (d *directory) edit(p property, raw json.RawMessage) (func(*user), error) {
	null := string(raw) == "null"
	switch p {
	case propID:
		id, err := readID(raw)
		return func(u *user) { u.id = id }, err
	case propManager:
		return d.editManager(raw)
	case propAccountEnabled:
		var enabled bool
		if null || json.Unmarshal(raw, &enabled) != nil {
			return nil, refuse(http.StatusBadRequest, "must be true or false")
		}
		return func(u *user) { u.enabled = enabled }, nil
	case propExtensionAttributes:
		return editExtensions(raw)
	case propBusinessPhones, propOtherMails, propProxyAddresses:
		list := []string{}
		if !null && json.Unmarshal(raw, &list) != nil || slices.Contains(list, "") {
			return nil, refuse(http.StatusBadRequest, "must be a list of texts")
		}
		return func(u *user) { *u.list(p) = list }, nil
	default:
		return editText(p, raw)
	}
}

func editText(p property, raw json.RawMessage) (func(*user), error) {
	var text *string
	if json.Unmarshal(raw, &text) != nil || text != nil && *text == "" {
		return nil, refuse(http.StatusBadRequest, "must be a text that is not empty, or null")
	}
	if text == nil {
		if p == propUserPrincipalName || p == propDisplayName {
			return nil, refuse(http.StatusBadRequest, "cannot be cleared: every user has one")
		}
		return func(u *user) { u.text[p] = "" }, nil
	}
	if local, domain, found := strings.Cut(*text, "@"); p == propUserPrincipalName && (!found || local == "" || domain == "") {
		return nil, refuse(http.StatusBadRequest, "must look like an e-mail address")
	}
	return func(u *user) { u.text[p] = *text }, nil
}

func readID(raw json.RawMessage) (guid, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return guid{}, refuse(http.StatusBadRequest, "must be a GUID")
	}
	id, ok := parseGUID(fold(text))
	if !ok {
		return guid{}, refuse(http.StatusBadRequest, "must be a GUID")
	}
	return id, nil
}

func (d *directory) editManager(raw json.RawMessage) (func(*user), error) {
	var key *string
	if json.Unmarshal(raw, &key) != nil {
		return nil, refuse(http.StatusBadRequest, "must be an id, a userPrincipalName or null")
	}
	manager := noManager
	if key != nil {
		var err error
		if manager, err = d.known(*key, live); err != nil {
			return nil, err
		}
	}
	return func(u *user) { u.manager = manager }, nil
}

// editExtensions changes the named extension attributes and leaves the others; null clears all.
func editExtensions(raw json.RawMessage) (func(*user), error) {
	var values map[string]*string
	if json.Unmarshal(raw, &values) != nil {
		return nil, refuse(http.StatusBadRequest, "must be an object of extensionAttribute1 to extensionAttribute15")
	}
	numbers := map[int]string{}
	for name, v := range values {
		n, err := strconv.Atoi(strings.TrimPrefix(name, "extensionAttribute"))
		if err != nil || n < 1 || n > numExtensions {
			return nil, refuse(http.StatusBadRequest, "%q is not one of extensionAttribute1 to extensionAttribute15", name)
		}
		numbers[n-1] = ""
		if v != nil {
			numbers[n-1] = *v
		}
	}
	return func(u *user) {
		if values == nil {
			u.extensions = nil
			return
		}
		if u.extensions == nil {
			u.extensions = &[numExtensions]string{}
		}
		for n, v := range numbers {
			u.extensions[n] = v
		}
	}, nil
}
