package console

import (
	"net/http"
	"slices"
	"strconv"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
)

type retentionView struct {
	Error  string
	Fields []Field
	Locked bool
	Bin    int
	Expiring
}

// Expiring is what the next clean-up removes, in words; Error says why it is not known.
type Expiring struct {
	Removes []Choice
	Wrong   string
}

// keptDays is one kind of thing that is kept for some days.
type keptDays struct {
	name string
	of   func(directory.Days) int
}

var keptKinds = []keptDays{
	{"changes", func(d directory.Days) int { return d.Changes }},
	{"audit", func(d directory.Days) int { return d.Audit }},
	{"archive", func(d directory.Days) int { return d.Archive }},
}

// retention says for how long things are kept (I5), and what the next clean-up removes.
func (s *server) retention(w http.ResponseWriter, r *request) error {
	return s.showRetention(w, r, http.StatusOK, nil)
}

func (s *server) showRetention(w http.ResponseWriter, r *request, status int, wrong error) error {
	r.titled(r.say("retention.title"), r.say("nav.settings"), "/retention")
	organization, err := s.Directory.Organization(r.ctx(), r.org)
	if err != nil {
		return err
	}
	view := retentionView{Bin: directory.RecycleBin, Locked: !like("changeRetention").allows(r.who)}
	bounds := s.Directory.RetentionBounds()
	for _, kind := range keptKinds {
		field := Field{Name: kind.name, Label: r.say("retention." + kind.name), Type: "number", Complete: "off", Locked: view.Locked, Placeholder: strconv.Itoa(kind.of(bounds.Default))}
		field.Hint = r.say("retention."+kind.name+".text") + " " + r.say("retention.bounds", "n", kind.of(bounds.Default), "least", kind.of(bounds.Least), "most", kind.of(bounds.Most))
		if chosen := kind.of(organization.Retention); chosen != 0 {
			field.Value = strconv.Itoa(chosen)
		}
		if r.Method == http.MethodPost {
			field.Value = r.value(kind.name)
			if days, err := strconv.Atoi(field.Value); field.Value != "" && (err != nil || days < kind.of(bounds.Least) || days > kind.of(bounds.Most)) {
				field.Error = r.say("retention.outside", "least", kind.of(bounds.Least), "most", kind.of(bounds.Most))
			}
		}
		view.Fields = append(view.Fields, field)
	}
	if wrong != nil {
		if !slices.ContainsFunc(view.Fields, func(f Field) bool { return f.Error != "" }) { // said there already
			view.Error, _ = r.fault(wrong)
		}
	} else if view.Expiring, err = s.expiring(r, directory.RetentionChange{}); err != nil {
		return err
	}
	return r.render(w, status, "retention", view)
}

// postedRetention reads the form. An empty field is as long as the server says.
func (r *request) postedRetention() (directory.RetentionChange, error) {
	days := map[string]*int{}
	for _, kind := range keptKinds {
		n := 0
		if text := r.value(kind.name); text != "" {
			var err error
			if n, err = strconv.Atoi(text); err != nil || n < 1 {
				return directory.RetentionChange{}, fault.New(fault.Invalid, "BadDays", "%q is no number of days", text)
			}
		}
		days[kind.name] = &n
	}
	return directory.RetentionChange{Changes: days["changes"], Audit: days["audit"], Archive: days["archive"]}, nil
}

func (s *server) changeRetention(w http.ResponseWriter, r *request) error {
	change, err := r.postedRetention()
	if err == nil {
		err = s.Directory.ChangeRetention(r.ctx(), r.org, change)
	}
	if fault.Is(err, fault.Invalid) {
		return s.showRetention(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/retention", "form.saved")
}

// previewRetention counts what the next clean-up would remove after the form was saved, while somebody types.
func (s *server) previewRetention(w http.ResponseWriter, r *request) error {
	change, err := r.postedRetention()
	var view retentionView
	if err == nil {
		view.Expiring, err = s.expiring(r, change)
	}
	if fault.Is(err, fault.Invalid) {
		view.Wrong, err = r.say("retention.unknown"), nil
	}
	if err != nil {
		return err
	}
	return r.render(w, http.StatusOK, "retention", view)
}

func (s *server) expiring(r *request, change directory.RetentionChange) (Expiring, error) {
	counts, err := s.Directory.PreviewRetention(r.ctx(), r.org, change)
	if err != nil {
		return Expiring{}, err
	}
	var out Expiring
	for _, part := range []struct {
		name  string
		count int
	}{{"changes", counts.Changes}, {"audit", counts.Audit}, {"users", counts.Users}, {"groups", counts.Groups}} {
		shown := r.number(int64(part.count))
		if part.count > directory.MostCounted {
			shown = r.say("retention.more", "n", directory.MostCounted)
		}
		out.Removes = append(out.Removes, Choice{Text: r.say("retention.removes." + part.name), Value: shown, Current: part.count > 0})
	}
	return out, nil
}
