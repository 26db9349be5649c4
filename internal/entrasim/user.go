package entrasim

import (
	"slices"
	"time"
)

// A lifeState says where a user is in its life.
type lifeState int

const (
	live    lifeState = iota // in /users
	deleted                  // in the recycle bin, restorable for 30 days
	purged                   // gone for good; only the log remembers the id
)

func (s lifeState) String() string {
	return [...]string{"live", "deleted", "purged"}[s]
}

// noManager is user.manager of somebody without one.
const noManager = -1

// A user is one account. A user that is reachable from the directory is never changed, only replaced, so that a
// lagging replica can go on showing the older one. An empty text is Graph's null: Entra keeps no empty strings.
type user struct {
	id         guid
	text       [numText]string
	phones     []string
	otherMails []string
	proxies    []string
	extensions *[numExtensions]string
	enabled    bool
	created    time.Time
	deletedAt  time.Time
	manager    int // number of the manager, or noManager
	state      lifeState
	// everSet are the properties that have had a value at any time: a delta tells them, as null when they are cleared.
	everSet mask
}

func (u *user) clone() *user {
	c := *u
	if u.extensions != nil {
		e := *u.extensions
		c.extensions = &e
	}
	return &c
}

// list is the storage of a collection property; nil for every other one.
func (u *user) list(p property) *[]string {
	switch p {
	case propBusinessPhones:
		return &u.phones
	case propOtherMails:
		return &u.otherMails
	case propProxyAddresses:
		return &u.proxies
	default:
		return nil
	}
}

// filled are the properties that have a value now.
func (u *user) filled() mask {
	m := maskOf(propID, propAccountEnabled, propCreatedDateTime, propBusinessPhones, propOtherMails, propProxyAddresses)
	for p := range numText {
		if u.text[p] != "" {
			m |= maskOf(p)
		}
	}
	if u.manager != noManager {
		m |= maskOf(propManager)
	}
	if u.extensions != nil {
		m |= maskOf(propExtensionAttributes)
	}
	if u.state == deleted {
		m |= maskOf(propDeletedDateTime)
	}
	return m
}

// name is the userPrincipalName as Graph shows it: Entra puts the id of a deleted user before it.
func (u *user) name() string {
	if u.state == deleted {
		return u.id.compact() + u.text[propUserPrincipalName]
	}
	return u.text[propUserPrincipalName]
}

// difference is the set of properties in which two states of one user differ.
func difference(a, b *user) mask {
	var m mask
	for p := range numText {
		if a.text[p] != b.text[p] {
			m |= maskOf(p)
		}
	}
	for _, p := range []property{propBusinessPhones, propOtherMails, propProxyAddresses} {
		if !slices.Equal(*a.list(p), *b.list(p)) {
			m |= maskOf(p)
		}
	}
	if a.enabled != b.enabled {
		m |= maskOf(propAccountEnabled)
	}
	if a.manager != b.manager {
		m |= maskOf(propManager)
	}
	if (a.extensions == nil) != (b.extensions == nil) || a.extensions != nil && *a.extensions != *b.extensions {
		m |= maskOf(propExtensionAttributes)
	}
	return m
}
