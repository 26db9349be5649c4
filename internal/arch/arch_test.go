package arch_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// root is where the module begins, seen from this package.
const root = "../.."

func TestTheTreeKeepsEveryLaw(t *testing.T) {
	tree, err := load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree) < 2 {
		t.Fatalf("found %d packages in %s", len(tree), root)
	}
	for _, law := range laws {
		t.Run(law.name, func(t *testing.T) {
			for _, breach := range law.breach(tree) {
				t.Error(breach)
			}
		})
	}
}

func TestEachLawCatchesItsBreachAndNothingElse(t *testing.T) {
	caught := map[string]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{}
			for name, source := range c.files {
				files[name] = &fstest.MapFile{Data: []byte(source)}
			}
			tree, err := load(files)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]string{}
			for _, law := range laws {
				if breaches := law.breach(tree); breaches != nil {
					got[law.name] = breaches
					caught[law.name] = true
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("breaches by law (-want +got):\n%s", diff)
			}
		})
	}
	for _, law := range laws {
		if !caught[law.name] {
			t.Errorf("no case shows that the law %q catches anything", law.name)
		}
	}
}

func TestTheLayoutListsEachPackageOnceAndParentsFirst(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range layout {
		if seen[e.path] {
			t.Errorf("%s is listed twice", e.path)
		}
		seen[e.path] = true
		if parent, _, nested := strings.Cut(e.path, "/"); nested && !seen[parent] {
			t.Errorf("%s comes before %s, in which it lies", e.path, parent)
		}
	}
}
