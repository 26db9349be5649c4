package api

import (
	"context"
	"net/http"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

// PreviewRequest asks what settings would do.
type PreviewRequest struct {
	Settings *engine.Settings `json:"settings" required:"true" doc:"All settings, as changeInstance takes them."`
}

// Preview is what settings would do if they were saved now (C2, C7).
type Preview struct {
	// Differences to the present settings, a line for each.
	Differences []string `json:"differences" nullable:"false" doc:"What is other than now, a line for each thing."`
	// NeedsRead are the properties for which the tenant is read in full first; nothing is counted then.
	NeedsRead []string `json:"needsRead,omitempty" nullable:"false" doc:"Graph properties that nothing is known of yet: the tenant is read in full first, and nothing can be counted before."`
	// NeverRead and UnreadGroups: nothing is counted either.
	NeverRead    bool     `json:"neverRead" doc:"The tenant was not read yet; nothing can be counted before."`
	UnreadGroups int      `json:"unreadGroups" doc:"Selected groups whose members are read first; nothing can be counted before."`
	LostGroups   []string `json:"lostGroups,omitempty" nullable:"false" doc:"Object ids of selected groups that bring nobody: the tenant does not know them, or they are in the recycle bin there."`
	Complete     bool     `json:"complete" doc:"All users that are known were looked at. If not, there are too many for the time of a preview, and the numbers are those of a part."`
	Users        int      `json:"users" doc:"Users of the tenant who were looked at."`
	InScope      int      `json:"inScope" doc:"Those of them who would be in scope."`
	// Actions counts what the next run would do.
	Actions map[plan.Action]int `json:"actions" doc:"Users by what the next run would do: create, update, deactivate, reactivate, delete, release, skip, fail. Names that several want are counted as if each could have them."`
	Held    int                 `json:"held" doc:"How many of these removals the guard would hold for approval."`
	Renamed int                 `json:"renamed" doc:"Existing users who would get another userName."`
	Beside  int                 `json:"beside" doc:"Users who would be created beside an existing user whom the present settings would find."`
	Groups  GroupPreview        `json:"groups" doc:"What would become of groups, where they are kept as objects."`
	// Failures are the reasons of those who would fail.
	Failures []FailureReason `json:"failures,omitempty" nullable:"false" doc:"Why users or groups would fail, the most frequent reason first."`
	// Warnings are about what is allowed and may be a mistake.
	Warnings []Warning `json:"warnings" nullable:"false" doc:"What is allowed and may be a mistake."`
}

// GroupPreview is what settings would do about groups.
type GroupPreview struct {
	Unread  bool                `json:"unread" doc:"All groups of the tenant are to be kept, and they are read first; nothing can be counted before."`
	Kept    int                 `json:"kept" doc:"Groups that would be kept."`
	Actions map[plan.Action]int `json:"actions" doc:"Groups by what the next run would do: create, update, delete, release, fail. Who joins and leaves them is not counted."`
	Held    int                 `json:"held" doc:"How many of these deletions the guard would hold for approval."`
}

// FailureReason is why some users or groups would fail.
type FailureReason struct {
	Code  string `json:"code" doc:"The code of the reason."`
	Text  string `json:"text" doc:"The reason of the first of them, as a sentence without full stop."`
	Count int    `json:"count" doc:"How many would fail with this code."`
}

// Warning is something about settings that is allowed and may be a mistake.
type Warning struct {
	Code   string `json:"code" doc:"A short, stable word for programs: MakesDoubles, NeedsRead, NobodyInScope, LostGroups, InvalidUserName, UnknownCountry, UnusedMember."`
	Target string `json:"target,omitempty" doc:"The path of the mapping that it is about; absent if it is about none."`
	Text   string `json:"text" doc:"A sentence."`
}

func (s *server) servePreview() {
	serve(s, operation{
		id: "previewInstance", method: http.MethodPost, path: inOrg + "/instances/{id}/preview", tag: "Instances", summary: "Say what settings would do",
		detail: "Nothing is changed, and the tenant is not read: the numbers are about the users whom the last run knew. Settings that could not " +
			"be saved are refused in the same way.",
	}, s.previewInstance)
	serve(s, operation{
		id: "restoreMappings", method: http.MethodPost, path: inOrg + "/instances/{id}/mappings/restore", tag: "Instances",
		summary: "Restore the default mappings", detail: "The sixteen default mappings replace those of the instance; scope and filters stay. Everybody is planned anew.",
	}, func(ctx context.Context, in *InInstance) (*body[Instance], error) {
		if _, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID); err != nil {
			return nil, err
		}
		if _, err := s.Engine.RestoreMappings(ctx, in.ID); err != nil {
			return nil, err
		}
		return s.getInstance(ctx, in.ID)
	})
}

func (s *server) previewInstance(ctx context.Context, in *struct {
	InInstance
	Body PreviewRequest
},
) (*body[Preview], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Settings == nil {
		return nil, fault.New(fault.Invalid, "Missing", "there are no settings")
	}
	preview, err := s.preview(ctx, instance, *in.Body.Settings)
	return reply(preview), err
}

// preview says what settings would do to an instance.
func (s *server) preview(ctx context.Context, instance engine.Instance, settings engine.Settings) (Preview, error) {
	foretold, err := s.Engine.Preview(ctx, instance, settings)
	if err != nil {
		return Preview{}, err
	}
	present, err := s.Engine.Store.Settings(ctx, instance.ID, instance.ConfigVersion)
	if err != nil {
		return Preview{}, err
	}
	delete(foretold.Changes, plan.Match)
	delete(foretold.Groups.Changes, plan.Match)
	return Preview{
		Differences: lines(Differences(present, settings)), NeedsRead: foretold.NeedsRead, Complete: foretold.Complete, Users: foretold.Users,
		InScope: foretold.InScope, Actions: foretold.Changes, Renamed: foretold.Renamed, Beside: foretold.Beside,
		NeverRead: foretold.NeverRead, UnreadGroups: foretold.UnreadGroups, LostGroups: foretold.LostGroups,
		Groups:   GroupPreview{Unread: foretold.Groups.Unread, Kept: foretold.Groups.Kept, Actions: foretold.Groups.Changes},
		Failures: each(foretold.Failures, func(f engine.FailureReason) FailureReason { return FailureReason(f) }),
		Warnings: each(foretold.Warnings, func(w engine.Warning) Warning { return Warning(w) }),
	}, nil
}

// lines makes a list that is never null.
func lines(list []string) []string { return each(list, func(line string) string { return line }) }
