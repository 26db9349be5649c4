package cli

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"rollcall/internal/api"
)

// tell prints where to look and what to try, with a person of the tenant.
func (d *demo) tell(ctx context.Context) error {
	who, err := d.somebody(ctx)
	if err != nil {
		return err
	}
	program, place := d.program(), ""
	if strings.ContainsRune(program, '/') && !filepath.IsAbs(d.in.program) {
		place = ", in the same folder"
	}
	command := func(rest string) string { return fmt.Sprintf("%-55s", program+" "+rest) }
	console, how := d.info.APIURL, "Sign in and look:"
	if d.info.ConsoleLink != "" {
		console, how = d.info.ConsoleLink, "Create your account, and take the tour (the link is good once):"
	}
	_, err = fmt.Fprintf(d.in.stdout, demoText, d.info.APIURL, d.info.ControlURL, d.info.APIURL, d.info.APIToken, d.info.EntraURL, who.DisplayName,
		fmt.Sprintf("%-55s ", "WHO='"+who.UserName+"'"), place, program, command(`user show "$WHO"`), command("run list"), how, console)
	return err
}

// somebody returns the active user of the directory who is typed most easily among the first: plain small letters, and few of them.
func (d *demo) somebody(ctx context.Context) (api.User, error) {
	users, err := first[api.User](ctx, d.client, d.client.here("users"), url.Values{"active": {"true"}}, 200)
	best := api.User{DisplayName: "somebody", UserName: "USERPRINCIPALNAME"}
	for i, user := range users {
		easier := easilyTyped(user) && (!easilyTyped(best) || len(user.UserName) < len(best.UserName))
		if i == 0 || easier {
			best = user
		}
	}
	return best, err
}

// easilyTyped reports whether any keyboard has the user's names, and a shell takes them as they are.
func easilyTyped(user api.User) bool {
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_@ ", r)
	}
	return user.UserName != "" && !strings.ContainsFunc(user.UserName, strange) && !strings.ContainsRune(user.UserName, ' ') &&
		user.DisplayName != "" && !strings.ContainsFunc(strings.ToLower(user.DisplayName), strange)
}

const demoText = `
Server    %[1]s/openapi.json   (API; metrics at /metrics)
Tenant    %[2]s   (what it can be made to do; GET /sim/users lists people)

In another terminal%[8]s:

  export ROLLCALL_SERVER=%[3]s ROLLCALL_TOKEN=%[4]s
  SIM=%[5]s
  %[7]s # %[6]s

  %[9]s user list
  %[10]s # Active
  curl -s -X POST   "$SIM/sim/users/$WHO/block"           # → Inactive
  curl -s -X POST   "$SIM/sim/users/$WHO/unblock"         # → Active
  curl -s -X DELETE "$SIM/sim/users/$WHO"                 # to the recycle bin → renamed, Inactive
  curl -s -X POST   "$SIM/sim/users/$WHO/restore"         # → old name, Active
  curl -s -X DELETE "$SIM/sim/users/$WHO"
  curl -s -X POST   "$SIM/sim/users/$WHO/purge"           # gone for good → removed, copy in the archive
  curl -s -X POST   "$SIM/sim/clock" -d '{"advance":"721h"}'   # thirty days pass: what is in the recycle bin runs out
  %[11]s # the latest runs, with their counts

The server looks for changes every two seconds; what they lead to is shown here. Ctrl-C ends both.

%[12]s
%[13]s
`
