package api

import (
	"context"
	"net/http"

	"rollcall/internal/directory"
)

// Retention says for how many days an organization keeps things.
type Retention struct {
	Changes Kept `json:"changes" doc:"What the provisioning history knows of people: names, reasons, values before and after. What was done, and when, stays."`
	Audit   Kept `json:"audit" doc:"What people and tokens did."`
	Archive Kept `json:"archive" doc:"Copies of removed users and groups."`
	// RecycleBin is nobody's choice.
	RecycleBin int `json:"recycleBinDays" doc:"For how many days the copy of the tenant keeps who was deleted there: as long as Entra's recycle bin."`
}

// Kept is for how many days one kind of thing is kept.
type Kept struct {
	Days    int  `json:"days" doc:"What holds."`
	Chosen  bool `json:"chosen" doc:"The organization chose it; otherwise the server says it."`
	Default int  `json:"default" doc:"What the server says."`
	Least   int  `json:"least" doc:"The shortest that may be chosen."`
	Most    int  `json:"most" doc:"The longest that may be chosen."`
}

// RetentionPatch changes the retention; what is absent stays as it is.
type RetentionPatch struct {
	Changes *int `json:"changesDays,omitempty" minimum:"0" example:"60" doc:"Days for the provisioning history; 0 for as long as the server says."`
	Audit   *int `json:"auditDays,omitempty" minimum:"0" example:"400" doc:"Days for the audit log; 0 for as long as the server says."`
	Archive *int `json:"archiveDays,omitempty" minimum:"0" example:"365" doc:"Days for the archive; 0 for as long as the server says."`
}

// Expiring counts what a clean-up would remove.
type Expiring struct {
	Changes int `json:"changes" doc:"Changes that would be emptied of what they know of people."`
	Audit   int `json:"audit" doc:"Events of the audit log."`
	Users   int `json:"archivedUsers" doc:"Copies of removed users."`
	Groups  int `json:"archivedGroups" doc:"Copies of removed groups."`
}

func (p RetentionPatch) change() directory.RetentionChange {
	return directory.RetentionChange{Changes: p.Changes, Audit: p.Audit, Archive: p.Archive}
}

func (s *server) serveRetention() {
	serve(s, operation{
		id: "getRetention", method: http.MethodGet, path: inOrg + "/retention", tag: "Organizations", summary: "Read for how long things are kept",
	}, func(ctx context.Context, _ *InOrganization) (*body[Retention], error) { return s.getRetention(ctx) })
	serve(s, operation{
		id: "changeRetention", method: http.MethodPatch, path: inOrg + "/retention", tag: "Organizations", summary: "Change for how long things are kept",
		detail: "It holds from the next clean-up on, which is once a day. What was removed does not come back.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Body RetentionPatch
	},
	) (*body[Retention], error) {
		if err := s.Directory.ChangeRetention(ctx, orgOf(ctx), in.Body.change()); err != nil {
			return nil, err
		}
		return s.getRetention(ctx)
	})
	serve(s, operation{
		id: "previewRetention", method: http.MethodPost, path: inOrg + "/retention/preview", tag: "Organizations", summary: "Count what a clean-up would remove now",
		detail: "With the retention as it is, or changed so. Nothing is changed. It counts to 100,000 of each: 100,001 says that there are more.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Body *RetentionPatch
	},
	) (*body[Expiring], error) {
		var patch RetentionPatch
		if in.Body != nil {
			patch = *in.Body
		}
		counts, err := s.Directory.PreviewRetention(ctx, orgOf(ctx), patch.change())
		return reply(Expiring(counts)), err
	})
}

func (s *server) getRetention(ctx context.Context) (*body[Retention], error) {
	organization, err := s.Directory.Organization(ctx, orgOf(ctx))
	if err != nil {
		return nil, err
	}
	days, err := s.Directory.RetentionOf(ctx, organization.ID)
	bounds, chosen := s.Directory.RetentionBounds(), organization.Retention
	kept := func(of func(directory.Days) int) Kept {
		return Kept{Days: of(days), Chosen: of(chosen) != 0, Default: of(bounds.Default), Least: of(bounds.Least), Most: of(bounds.Most)}
	}
	return reply(Retention{
		Changes: kept(func(d directory.Days) int { return d.Changes }), Audit: kept(func(d directory.Days) int { return d.Audit }),
		Archive: kept(func(d directory.Days) int { return d.Archive }), RecycleBin: directory.RecycleBin,
	}), err
}
