package scim_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// callersFault fails unless an error is one that the caller can repair, with a word of SCIM.
func callersFault(t *testing.T, err error) {
	t.Helper()
	if e := fault.Of(err); e == nil || e.Kind != fault.Invalid || e.Code == "" || e.Message == "" {
		t.Fatalf("%v must be the caller's to repair", err)
	}
}

// FuzzFilter reads a filter of anything and asks it about a user. Negating it gives the opposite.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`userName eq "a"`, `emails[type eq "work" and not (value co "@")].value pr`, `meta.created gt "2030-01-02T03:04:05Z"`,
		`schemas eq "urn:ietf:params:scim:schemas:core:2.0:User" or active eq true`, `((((`, `a.b.c eq "\ud800"`, `manager eq "m-1"`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, profile := range []scim.Profile{scim.Entra, scim.Strict} {
			filter, err := scim.Users().ParseFilter(text, profile)
			if err != nil {
				callersFault(t, err)
				continue
			}
			opposite, err := scim.Users().ParseFilter("not ("+text+")", profile)
			if filter != nil && err == nil && scim.Match(filter, jane()) == scim.Match(opposite, jane()) {
				t.Fatalf("%s and its opposite agree", text)
			}
		}
	})
}

// FuzzPath patches a user at any path.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"title", "name.givenName", `emails[type eq "work"].value`, `emails[type eq "x" or type eq "y"]`, attr.EnterpriseUser + ":manager", attr.EnterpriseUser,
		"emails.value", scim.WebexUser + `:externalAttribute1[source eq "a"].value`, "urn:", "[",
	} {
		f.Add("replace", path, `"x"`)
		f.Add("add", path, `{"value":"x","type":"work"}`)
		f.Add("remove", path, `null`)
	}
	f.Fuzz(func(t *testing.T, op, path, value string) {
		if !json.Valid([]byte(value)) {
			return
		}
		quoted, err := json.Marshal(path)
		if err != nil {
			t.Fatal(err)
		}
		patchesHold(t, `{"schemas":["`+scim.PatchOp+`"],"Operations":[{"op":"`+op+`","path":`+string(quoted)+`,"value":`+value+`}]}`)
	})
}

// FuzzPatch patches a user with any document.
func FuzzPatch(f *testing.F) {
	for _, q := range quirks {
		f.Add(operations(q.request))
	}
	f.Add(junk)
	f.Fuzz(func(t *testing.T, document string) {
		patchesHold(t, document)
		for _, profile := range []scim.Profile{scim.Entra, scim.Strict} {
			resource, _, err := posted(profile, scim.Users(), document)
			if err != nil {
				callersFault(t, err)
				continue
			}
			keeps(t, resource)
		}
	})
}

// patchesHold applies a document to a user: what comes out, if anything does, can be kept and read again.
func patchesHold(t *testing.T, document string) {
	t.Helper()
	for _, profile := range []scim.Profile{scim.Entra, scim.Strict} {
		body, err := scim.Decode([]byte(document))
		if err != nil {
			callersFault(t, err)
			return
		}
		patch, err := scim.Users().ParsePatch(body, profile)
		if err != nil {
			callersFault(t, err)
			continue
		}
		after, err := patch.Apply(jane())
		if err != nil {
			callersFault(t, err)
			continue
		}
		keeps(t, after)
	}
}

// keeps fails unless a resource is the same after it was kept as a record and read again, but for the order of values.
func keeps(t *testing.T, resource scim.Resource) {
	t.Helper()
	users := scim.Users()
	record := users.ToRecord(resource)
	again := users.FromRecord(record)
	if second := users.ToRecord(again); !second.Equal(record) {
		t.Fatalf("%v was kept as %v, and then as %v", resource, record, second)
	}
	stored, err := attr.ParseRecord(record.AppendJSON(nil))
	if err != nil {
		t.Fatal(err)
	}
	if read := users.FromRecord(stored); !reflect.DeepEqual(again, read) {
		t.Fatalf("%v is %v after it was stored", again, read)
	}
}

func TestWhatIsPostedIsKeptAndReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "B", "é", `x"y`, "a]b", "work", "home"})
		body := map[string]any{"userName": word.Draw(t, "userName")}
		var emails []any
		for range rapid.IntRange(0, 4).Draw(t, "emails") {
			email := map[string]any{"value": word.Draw(t, "value")}
			if rapid.Bool().Draw(t, "typed") {
				email["type"] = word.Draw(t, "type")
			}
			emails = append(emails, email)
		}
		body["emails"] = emails
		if rapid.Bool().Draw(t, "extension") {
			body[scim.WebexUser] = map[string]any{"extensionAttribute1": []any{word.Draw(t, "one")}}
		}
		patch, err := scim.Users().ParseResource(body, scim.Entra)
		if err != nil {
			t.Fatal(err)
		}
		resource, err := scim.Users().Whole(patch, nil)
		if err != nil {
			t.Fatal(err)
		}
		again := scim.Users().FromRecord(scim.Users().ToRecord(resource))
		for _, value := range emails {
			email, _ := value.(map[string]any)
			text, _ := email["value"].(string)
			filter := &scim.Filter{Kind: scim.Compare, Op: scim.Equal, Value: text, Ref: scim.Ref{Name: "emails", Sub: "value", Multi: true, CaseExact: true}}
			if !scim.Match(filter, again) {
				t.Fatalf("%q is lost: %v", text, again)
			}
		}
		if got, _ := again["emails"].([]any); len(got) != len(emails) {
			t.Fatalf("%d addresses became %v", len(emails), got)
		}
	})
}
