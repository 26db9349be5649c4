package engine

import (
	"context"
	"fmt"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

// conceal seals the values of redacted attributes in entries that are about to be stored: whoever reads the journal sees [Redact].
func (e *Engine) conceal(ctx context.Context, w *work, batches ...[]Entry) error {
	paths, err := e.redacted(ctx, w)
	if err != nil || len(paths) == 0 {
		return err
	}
	for _, entries := range batches {
		for i := range entries {
			for _, record := range []*attr.Record{&entries[i].Before, &entries[i].After} {
				if err := e.seal(entries[i], record, paths); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// redacted returns the paths that an instance of the organization redacts, or did: a value that nobody was shown is not shown either when
// it is replaced, when its object is removed, or when another instance takes the object over.
func (e *Engine) redacted(ctx context.Context, w *work) ([]string, error) {
	if w.redacted != nil {
		return w.redacted, nil
	}
	instances, err := e.Store.ListInstances(ctx, w.instance.OrgID)
	if err != nil {
		return nil, err
	}
	w.redacted = []string{}
	for _, instance := range instances {
		w.redacted = union(w.redacted, instance.Health.Redacted)
	}
	return w.redacted, nil
}

// union returns the names that are in one of the lists, sorted, each once.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// seal replaces the values of the paths in a copy of the record.
func (e *Engine) seal(entry Entry, record *attr.Record, paths []string) error {
	sealed := record.Clone()
	for _, path := range paths {
		value := sealed.Get(path)
		if value == nil {
			continue
		}
		if _, already := attr.Sealed(value); already {
			continue
		}
		blob, err := e.SealValue(entry.InstanceID, string(attr.Record{{Name: path, Value: value}}.AppendJSON(nil)))
		if err != nil {
			return err
		}
		sealed.Set(path, attr.Seal(blob))
	}
	*record = sealed
	return nil
}

// reveal returns the change of an entry with the values that conceal has sealed.
func (e *Engine) reveal(entry Entry) (plan.Change, error) {
	change := entry.Change
	for _, record := range []*attr.Record{&change.Before, &change.After} {
		opened := *record
		for i, field := range *record {
			blob, sealed := attr.Sealed(field.Value)
			if !sealed {
				continue
			}
			value, err := e.unseal(entry, field.Name, blob)
			if err != nil {
				return change, err
			}
			if &opened[0] == &(*record)[0] {
				opened = record.Clone()
			}
			opened[i].Value = value
		}
		*record = opened
	}
	return change, nil
}

func (e *Engine) unseal(entry Entry, path string, blob []byte) (any, error) {
	text, err := e.OpenValue(entry.InstanceID, blob)
	if err != nil {
		return nil, err
	}
	record, err := attr.ParseRecord([]byte(text))
	if err != nil || !record.Has(path) {
		return nil, fault.Wrap(fault.Internal, "SealedValue", err, fmt.Sprintf("the sealed value of %s cannot be read", path))
	}
	return record.Get(path), nil
}
