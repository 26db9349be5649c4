package scimapp

import (
	"context"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Intend notes that the changes are going to be sent.
func (a *App) Intend(ctx context.Context, changes []plan.Change) error {
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		var intents []Intent
		for _, change := range changes {
			if change.Object == plan.Members {
				if err := a.intendMembers(ctx, change); err != nil {
					return err
				}
				continue
			}
			kind := Users
			if change.Object == plan.Group {
				kind = Groups
			}
			intents = append(intents, Intent{
				Object: change.ObjectID, Kind: kind, Creates: change.Action == plan.Create, ExternalID: change.After.Text(attr.ExternalID),
				Name: change.After.Text(kind.name()),
			})
		}
		return a.Store.SaveRemoteIntents(ctx, a.Service, a.Instance, intents)
	})
}

// intendMembers marks the members whom a change is about.
func (a *App) intendMembers(ctx context.Context, change plan.Change) error {
	ids := make([]ident.ID, len(change.Members))
	for i, member := range change.Members {
		ids[i] = member.Object
	}
	if mine, err := a.owns(ctx, change.ObjectID); err != nil || !mine {
		return err
	}
	known, err := a.Store.RemoteMembersOf(ctx, a.Service, change.ObjectID, ids)
	if err != nil {
		return err
	}
	rows := make([]Member, 0, len(change.Members))
	for _, member := range change.Members {
		row := Member{Group: change.ObjectID, Member: member.Object, Nested: member.Group}
		if i := slices.IndexFunc(known, func(m Member) bool { return m.Member == member.Object }); i >= 0 {
			row = known[i]
		}
		if row.Marks&(Joining|Leaving) != 0 {
			row.Marks |= Repeated
		}
		switch {
		case change.Action == plan.Join && row.Marks&Synced == 0:
			row.Marks |= Joining
		case change.Action == plan.Leave && row.Marks&Synced != 0:
			row.Marks |= Leaving
		default:
			continue
		}
		rows = append(rows, row)
	}
	return a.Store.SaveRemoteMembers(ctx, a.Service, rows)
}

// Apply sends changes of users and records what became of them.
func (a *App) Apply(ctx context.Context, changes []plan.Change) ([]destination.Result, error) {
	sent, err := a.sendNow(ctx, changes)
	return sent.Results, err
}

// ApplyGroups is to groups what Apply is to users.
func (a *App) ApplyGroups(ctx context.Context, changes []plan.Change) ([]destination.Result, error) {
	sent, err := a.sendNow(ctx, changes)
	return sent.Results, err
}

// ApplyMembers sends changes of members and records what became of them.
func (a *App) ApplyMembers(ctx context.Context, changes []plan.Change) ([]destination.MembersResult, error) {
	sent, err := a.sendNow(ctx, changes)
	return sent.Members, err
}

func (a *App) sendNow(ctx context.Context, changes []plan.Change) (destination.Sent, error) {
	if err := a.Intend(ctx, changes); err != nil {
		return destination.Sent{}, err
	}
	sent, err := a.Send(ctx, changes)
	if err != nil {
		return destination.Sent{}, err
	}
	if err := sent.Record(ctx); err != nil {
		return destination.Sent{}, err
	}
	return sent, sent.Cause
}
