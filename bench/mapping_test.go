//go:build bench

package bench

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

// The default mapping must keep up with what Graph can deliver, and leave little to the garbage collector.
const (
	mappingGoal     = 150_000 // users a second on one core
	mappingGarbage  = 2       // allocations per user
	differentPeople = 1000
)

// measureMapping maps people with the sixteen default mappings on one core.
func measureMapping(t *testing.T) []target {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	set, err := mapping.Compile(mapping.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	people := make([]source.User, differentPeople)
	for i := range people {
		people[i] = person(i)
	}
	at := mapping.Circumstances{Now: time.Now(), Instance: ident.New(time.Now())}
	result := testing.Benchmark(func(b *testing.B) {
		for i := range b.N {
			if mapped := set.Map(people[i%len(people)], at); len(mapped.Wanted) != 16 {
				b.Fatal(mapped)
			}
		}
	})
	rate := float64(result.N) / result.T.Seconds()
	allocations := testing.AllocsPerRun(1000, func() { set.Map(people[0], at) })
	return []target{
		judged("default mapping of 16 attributes, one core", fmt.Sprintf("at least %s users/s", thousands(mappingGoal)),
			thousands(int(rate))+" users/s", rate >= mappingGoal),
		judged("default mapping of 16 attributes, allocations per user", fmt.Sprintf("at most %d", mappingGarbage),
			fmt.Sprintf("%.0f", allocations), allocations <= mappingGarbage),
	}
}

// person is somebody with a value for each default mapping.
func person(i int) source.User {
	id := fmt.Sprintf("4a7c0000-0000-4000-8000-%012d", i)
	return source.User{ID: id, SoftDeleted: i%50 == 0, Record: attr.From(map[string]any{
		"id": id, "userType": "Member", "accountEnabled": i%50 != 0, "manager": "4a7c0000-0000-4000-8000-999999999999",
		"userPrincipalName": fmt.Sprintf("ada.lovelace.%d@contoso.example", i), "displayName": fmt.Sprintf("Ada Lovelace %d", i),
		"surname": "Lovelace", "givenName": "Ada", "jobTitle": "Analyst", "usageLocation": "GB", "city": "Ockham", "streetAddress": "1 Park",
		"state": "Surrey", "postalCode": "GU23", "businessPhones": []string{fmt.Sprintf("+44 1483 %d", i)}, "mobilePhone": "+44 7700 900000", "faxNumber": "+44 1483 1",
	})}
}
