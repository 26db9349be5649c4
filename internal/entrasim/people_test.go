package entrasim_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"rollcall/internal/entrasim"
)

const wide = "/v1.0/users?$top=999&$select=id,displayName,userPrincipalName,mail,otherMails,userType,accountEnabled,jobTitle,usageLocation,businessPhones"

func TestTheSameSeedGivesTheSameTenant(t *testing.T) {
	page := func(seed uint64) string {
		s := &entrasim.Server{Users: 200, Seed: seed}
		c := start(t, s)
		_, people, _ := strings.Cut(c.do("GET", wide, nil).raw, "value")
		return s.TenantID + s.ClientSecret + people
	}
	first := page(5)
	if page(5) != first {
		t.Errorf("two tenants of one seed differ")
	}
	if page(6) == first {
		t.Errorf("two seeds give one tenant")
	}
}

func TestTheTenantHasAllKindsOfPeople(t *testing.T) {
	c := start(t, &entrasim.Server{})
	people, _ := c.walk(wide)
	if len(people) != 1000 {
		t.Fatalf("%d people", len(people))
	}
	count := func(is func(u object) bool) int {
		n := 0
		for _, u := range people {
			if is(u) {
				n++
			}
		}
		return n
	}
	within := func(what string, n, low, high int) {
		t.Helper()
		if n < low || n > high {
			t.Errorf("%s: %d of 1000, want %d to %d", what, n, low, high)
		}
	}
	script := func(table *unicode.RangeTable) int {
		return count(func(u object) bool {
			return strings.ContainsFunc(u.text("displayName"), func(r rune) bool { return unicode.Is(table, r) })
		})
	}
	within("Cyrillic", script(unicode.Cyrillic), 50, 250)
	within("Arabic", script(unicode.Arabic), 30, 200)
	within("Chinese and Japanese", script(unicode.Han), 80, 300)
	within("Japanese kana", script(unicode.Katakana)+script(unicode.Hiragana), 5, 100)
	within("Latin with diacritics", count(func(u object) bool { return strings.ContainsAny(u.text("displayName"), "üøłéñÅĐßŞ") }), 50, 600)
	within("guests", count(func(u object) bool {
		return u["userType"] == "Guest" && strings.Contains(u.text("userPrincipalName"), "#EXT#@contoso.onmicrosoft.example")
	}), 20, 20)
	within("blocked", count(func(u object) bool { return u["accountEnabled"] == false }), 20, 20)
	within("without mail", count(func(u object) bool { return u["mail"] == nil }), 30, 30)
	within("emoji titles", count(func(u object) bool { return strings.ContainsAny(u.text("jobTitle"), "🎉🚀🐕👩") }), 10, 40)
	within("markup", count(func(u object) bool { return strings.Contains(u.text("displayName"), "<") }), 1, 10)
	within("formulas", count(func(u object) bool { return strings.IndexAny(u.text("displayName"), "=+@-") == 0 }), 3, 10)
	within("of the second domain", count(func(u object) bool { return strings.HasSuffix(u.text("userPrincipalName"), "@contoso-europe.example") }), 50, 150)

	mails, names, twins := map[string]string{}, map[string]bool{}, 0
	for _, u := range people {
		mail := u.text("mail")
		if other, ok := mails[strings.ToLower(mail)]; ok && mail != "" {
			if other == mail {
				t.Errorf("mail %s occurs twice", mail)
			}
			twins++
		}
		mails[strings.ToLower(mail)] = mail
		if name := strings.ToLower(u.text("userPrincipalName")); names[name] {
			t.Errorf("userPrincipalName %s occurs twice", name)
		} else {
			names[name] = true
		}
	}
	within("mails that differ only in case", twins, 2, 10)
	if locations := count(func(u object) bool { return len(u.text("usageLocation")) == 2 }); locations != 1000 {
		t.Errorf("%d people have a usageLocation", locations)
	}
}

func TestEveryoneIsFoundByIDAndName(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 120})
	people, _ := c.walk(wide)
	for _, u := range people {
		for _, key := range []string{u.text("id"), strings.ToUpper(u.text("userPrincipalName"))} {
			if got := c.get("/v1.0/users/" + strings.ReplaceAll(key, "#", "%23") + "?$select=id"); got["id"] != u["id"] {
				t.Errorf("%s leads to %v", key, got["id"])
			}
		}
	}
	if got := ids(people); !slices.IsSorted(got) && len(slices.Compact(slices.Sorted(slices.Values(got)))) != 120 {
		t.Errorf("ids repeat")
	}
}
