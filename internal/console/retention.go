package console

import "net/http"

type retentionView struct{ Rows []retentionRow }

type retentionRow struct {
	What, About, Setting string
	Days                 int
}

// retention says for how long things are kept (I5), and where that is set: with the server, for all of its organizations.
func (s *server) retention(w http.ResponseWriter, r *request) error {
	r.titled(r.say("retention.title"), r.say("nav.settings"), "/retention")
	kept := s.Directory.Retention()
	var view retentionView
	for _, row := range []struct {
		key, setting string
		days         int
	}{
		{"changes", "--retention-changes-days", s.ChangesDays}, {"audit", "--retention-audit-days", kept.Audit}, {"archive", "--retention-archive-days", kept.Archive},
	} {
		view.Rows = append(view.Rows, retentionRow{
			What: r.say("retention." + row.key), About: r.say("retention." + row.key + ".text"), Setting: row.setting, Days: row.days,
		})
	}
	return r.render(w, http.StatusOK, "retention", view)
}
