package scimapp

import (
	"context"
	"errors"

	"rollcall/internal/attr"
	"rollcall/internal/scimclient"
)

// lookUpUnsure settles creations that were done already and returns the others.
func (b *batch) lookUpUnsure(ctx context.Context, wave []sending) []sending {
	var rest []sending
	for _, s := range wave {
		if s.operation.Method != scimclient.Create || !b.unsure[s.object.ID] {
			rest = append(rest, s)
			continue
		}
		switch found, err := b.made(ctx, s.object); {
		case err != nil:
			b.leave(s, err)
		case found != nil:
			b.done(s, found)
		default:
			rest = append(rest, s)
		}
	}
	return rest
}

// made returns what an earlier attempt made of an object, nil if nothing: what carries its external id and belongs to nobody else.
func (b *batch) made(ctx context.Context, object Object) (*scimclient.Resource, error) {
	found, err := lookUp(ctx, b.client, b.kind, object.Record.Text(attr.ExternalID), object.Name())
	if err != nil || found == nil {
		return nil, err
	}
	known, err := b.Store.RemoteObjectsOf(ctx, b.Service, b.kind, []string{found.ID})
	if err != nil || len(known) > 0 && !known[0].Owner.IsZero() {
		return nil, err
	}
	return found, nil
}

// lookUp finds an object of the service by its external id, or, where the service cannot look for that, by its name if it carries the external id.
// nil: there is none.
func lookUp(ctx context.Context, client *scimclient.Client, kind Kind, external, name string) (*scimclient.Resource, error) {
	if external == "" {
		return nil, nil
	}
	found, err := client.Find(ctx, kind.of(), attr.ExternalID, external)
	if errors.Is(err, scimclient.ErrNoFilter) {
		found, err = client.Find(ctx, kind.of(), kind.name(), name)
	}
	if errors.Is(err, scimclient.ErrNoFilter) {
		return nil, nil
	}
	for i := range found {
		if found[i].ExternalID == external {
			return &found[i], err
		}
	}
	return nil, err
}
