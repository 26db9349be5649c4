package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

func mirrorCases() []testCase {
	return []testCase{
		{"a cursor is saved only over the version that was read", func(t *testing.T, f *fixture) {
			connection := f.instance.ConnectionID
			cursor, err := f.Cursor(f.ctx, connection)
			f.must(t, err)
			same(t, "before the first save", mirror.Cursor{}, cursor)
			first := mirror.Cursor{
				Attributes: []string{"id"}, Delta: "d", DeltaAt: start, LastGood: start, Generation: 3,
				Full: &mirror.FullRead{Stage: mirror.StageBin, Attributes: []string{"id", "mail"}, Listed: 7, Expected: -1},
			}
			f.must(t, f.SaveCursor(f.ctx, connection, first))
			fails(t, "another first save", fault.Stale, f.SaveCursor(f.ctx, connection, first))
			cursor, err = f.Cursor(f.ctx, connection)
			f.must(t, err)
			first.Version = 1
			same(t, "cursor", first, cursor)
			cursor.Full, cursor.Next = nil, "n"
			f.must(t, f.SaveCursor(f.ctx, connection, cursor))
			fails(t, "a save on the old version", fault.Stale, f.SaveCursor(f.ctx, connection, cursor))
			got, err := f.Cursor(f.ctx, connection)
			f.must(t, err)
			cursor.Version = 2
			same(t, "cursor", cursor, got)
		}},
		{"live users of a tenant are found by a part of their names", func(t *testing.T, f *fixture) {
			connection := f.instance.ConnectionID
			user := func(id, name, upn string, state plan.SourceState) mirror.User {
				return mirror.User{SourceID: id, State: state, Record: attr.From(map[string]any{"displayName": name, "userPrincipalName": upn})}
			}
			f.must(t, f.SaveUsers(f.ctx, connection, []mirror.User{
				user("3", "Zoë 100%", "zoe@contoso.example", plan.Live), user("1", "Ada Lind", "a.lind@contoso.example", plan.Live), user("2", "Ada Gone", "gone@contoso.example", plan.Gone),
			}, 1))
			find := func(text string, limit int) (ids string) {
				users, err := f.FindTenantUsers(f.ctx, connection, text, limit)
				f.must(t, err)
				for _, u := range users {
					ids += u.SourceID
				}
				return ids
			}
			for text, want := range map[string]string{"": "13", "LIND": "1", "zoË": "3", "%": "3", "contoso": "13", "_": "", "gone": ""} {
				same(t, "found by "+text, want, find(text, 10))
			}
			same(t, "a page", "1", find("", 1))
		}},
		{"a user of a tenant is found by his whole name: who is live, or else who is in the bin", func(t *testing.T, f *fixture) {
			connection := f.instance.ConnectionID
			user := func(id, upn string, state plan.SourceState) mirror.User {
				return mirror.User{SourceID: id, State: state, Record: attr.From(map[string]any{"displayName": "Ada " + id, "userPrincipalName": upn})}
			}
			f.must(t, f.SaveUsers(f.ctx, connection, []mirror.User{
				user("1", "twice@contoso.example", plan.Deleted), user("2", "Twice@contoso.example", plan.Live), user("3", "bin@contoso.example", plan.Deleted),
				user("4", "gone@contoso.example", plan.Gone), user("5", "a_b@contoso.example", plan.Live),
			}, 1))
			for name, want := range map[string]string{
				"TWICE@contoso.example": "2", "bin@contoso.example": "3", "gone@contoso.example": "", "wice@contoso.example": "", "twice@contoso": "",
				"axb@contoso.example": "", "a_b@contoso.example": "5", "Ada 5": "",
			} {
				found, err := f.NamedTenantUser(f.ctx, connection, name)
				f.must(t, err)
				same(t, "named "+name, want, found.SourceID)
			}
		}},
		{"users get their places in the order of arrival, per connection", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "c", "a", "b")
			same(t, "places", []int64{1, 2, 3}, []int64{loaded["c"].Seq, loaded["a"].Seq, loaded["b"].Seq})
			more := f.fillMirror(t, "d")
			same(t, "the next place", int64(4), more["d"].Seq)
			other := f.newConnection(t)
			f.must(t, f.SaveUsers(f.ctx, other.ID, []mirror.User{mirrored("a")}, 1))
			elsewhere, err := f.LoadUsers(f.ctx, other.ID, []string{"a", "b"}, true)
			f.must(t, err)
			same(t, "the other connection's", 1, len(elsewhere))
			same(t, "its first place", int64(1), elsewhere["a"].Seq)
			fails(t, "a connection that does not exist", fault.NotFound, f.SaveUsers(f.ctx, ident.New(start), []mirror.User{mirrored("a")}, 1))
		}},
		{"a bare load leaves the records on the disk", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "a")
			want := mirrored("a")
			want.Seq = 1
			same(t, "with record", want, loaded["a"])
			bare, err := f.LoadUsers(f.ctx, f.instance.ConnectionID, []string{"a", "nobody"}, true)
			f.must(t, err)
			want.Record = nil
			same(t, "bare", map[string]mirror.User{"a": want}, bare)
		}},
		{"users are replaced and keep their places", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "a", "b")
			a := loaded["a"]
			a.State, a.DeletedAt = plan.Deleted, start
			a.Record = attr.From(map[string]any{"displayName": "new"})
			a.Hash = 5
			f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, []mirror.User{a, mirrored("c")}, 0))
			got, err := f.LoadUsers(f.ctx, f.instance.ConnectionID, []string{"a"}, false)
			f.must(t, err)
			same(t, "user", a, got["a"])
		}},
		{"a saved user is dirty for every instance of the connection and for no other", func(t *testing.T, f *fixture) {
			connection, err := f.Connection(f.ctx, f.instance.ConnectionID)
			f.must(t, err)
			second := f.newInstance(t, connection, "Second")
			stranger := f.newInstance(t, f.newConnection(t), "Stranger")
			loaded := f.fillMirror(t, "a", "b")
			same(t, "first instance", []string{"a", "b"}, f.dirty(t, f.instance))
			same(t, "second instance", []string{"a", "b"}, f.dirty(t, second))
			same(t, "instance of another connection", []string{}, f.dirty(t, stranger))
			f.clean(t, f.instance)
			same(t, "cleared", []string{}, f.dirty(t, f.instance))
			same(t, "second instance still", []string{"a", "b"}, f.dirty(t, second))
			f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, []mirror.User{loaded["b"]}, 0))
			f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, []mirror.User{loaded["b"]}, 0))
			same(t, "replaced twice", []string{"b"}, f.dirty(t, f.instance))
		}},
		{"a full read finds whom it has not seen", unseenUsers},
		{"the recycle bin is emptied oldest first", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "a", "b", "c", "d")
			var binned []mirror.User
			for i, id := range []string{"c", "a", "d"} {
				user := loaded[id]
				user.State, user.DeletedAt = plan.Deleted, start.Add(time.Duration(i)*time.Hour)
				binned = append(binned, user)
			}
			f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, binned, 0))
			got, err := f.BinUsersBefore(f.ctx, f.instance.ConnectionID, start.Add(2*time.Hour), 10)
			f.must(t, err)
			same(t, "due", binned[:2], got)
			got, err = f.BinUsersBefore(f.ctx, f.instance.ConnectionID, start.Add(9*time.Hour), 1)
			f.must(t, err)
			same(t, "the oldest", binned[:1], got)
		}},
		{"users who are gone are forgotten once nothing ties them", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "linked", "dirty", "free", "live")
			f.clean(t, f.instance)
			var gone []mirror.User
			for _, id := range []string{"linked", "dirty", "free"} {
				user := loaded[id]
				user.State = plan.Gone
				gone = append(gone, user)
			}
			f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, gone, 0))
			f.clean(t, f.instance)
			f.must(t, f.MarkDirty(f.ctx, f.instance, []string{"dirty"}))
			f.linkAll(t, "linked")
			f.must(t, f.Sweep(f.ctx, f.instance.ConnectionID))
			got, err := f.LoadUsers(f.ctx, f.instance.ConnectionID, []string{"linked", "dirty", "free", "live"}, true)
			f.must(t, err)
			left := []string{}
			for id := range got {
				left = append(left, id)
			}
			slices.Sort(left)
			same(t, "left", []string{"dirty", "linked", "live"}, left)
		}},
	}
}

func unseenUsers(t *testing.T, f *fixture) {
	connection := f.instance.ConnectionID
	users := make([]mirror.User, 10)
	for i := range users {
		users[i] = mirrored(fmt.Sprintf("u%d", i))
	}
	f.must(t, f.SaveUsers(f.ctx, connection, users, 1))
	loaded, err := f.LoadUsers(f.ctx, connection, []string{"u0", "u1", "u2", "u3"}, false)
	f.must(t, err)
	f.must(t, f.SawUsers(f.ctx, connection, []int64{loaded["u0"].Seq, loaded["u1"].Seq}, 2))
	f.must(t, f.SaveUsers(f.ctx, connection, []mirror.User{loaded["u2"]}, 2))
	binned := loaded["u3"]
	binned.State, binned.DeletedAt = plan.Deleted, start
	f.must(t, f.SaveUsers(f.ctx, connection, []mirror.User{binned}, 0))
	// A change outside a full read leaves the mark as it is.
	f.must(t, f.SaveUsers(f.ctx, connection, []mirror.User{loaded["u0"]}, 0))
	unseen := func(after int64, limit int) []string {
		got, err := f.UnseenUsers(f.ctx, connection, 2, after, limit)
		f.must(t, err)
		ids := []string{}
		for _, user := range got {
			if user.Record.Text("id") != user.SourceID {
				t.Errorf("%s comes without its record: %v", user.SourceID, user.Record)
			}
			ids = append(ids, user.SourceID)
		}
		return ids
	}
	same(t, "unseen", []string{"u4", "u5", "u6", "u7", "u8", "u9"}, unseen(0, 100))
	same(t, "a page of them", []string{"u6", "u7"}, unseen(6, 2))
}
