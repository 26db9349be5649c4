// Package entrasim is a simulated Entra tenant over HTTP; it imports nothing of ours.
//
// A [Server] is a tenant of 1,000 generated people with its login service, its Microsoft Graph v1.0 and a control API, all on
// one listener:
//
//	sim := &entrasim.Server{}
//	err := sim.Start(ctx)           // 127.0.0.1, two free ports: HTTP and HTTPS with a certificate authority of its own
//	tenant := sim.Tenant()          // ids, secret, addresses
//
// # What is modelled
//
// Login, below /{tenant}, where tenant is the id or a domain: discovery, keys, and the client credentials grant with a secret in
// the form or by Basic authentication, scope https://graph.microsoft.com/.default or this server's address + /.default. Access
// tokens are RS256 JWTs of 3,599 seconds. Errors carry AADSTS codes 90002, 900144, 70003, 70011, 700016, 7000215, 7000216, 7000222.
// A token's life goes by the tenant's clock. Without consent a token without roles is issued, and Graph answers 403.
//
// Graph, below /v1.0: users (list, get by id or userPrincipalName, $count, manager), users/delta, directory/deletedItems (list,
// get, restore, purge), organization, domains, $batch. Of the query options: $select, $expand=manager($levels=1;$select=…), $top,
// $count, $search, $orderby by displayName or userPrincipalName, and $filter with eq, ne, in, startswith, endswith, and, or, not.
//
// Delta tokens live seven days by the tenant's clock, counted from the beginning of the round that gave them; then they get
// 400 syncStateNotFound, and after a reset or a restart 410 resyncRequired with a Location. A round ends where it stood when it began; a user
// comes once in it, in the state of the moment. Users that are gone come as @removed, changed (in the recycle bin) or deleted.
// manager@delta comes when the manager changed, not each time the user did.
//
// The recycle bin runs out after 30 days by the tenant's clock. The userPrincipalName of a deleted user has the id without dashes
// before it in Graph; the control API shows it as it was. A name in the bin is free for others.
//
// The replica that answers Graph can lag behind (Server.Lag, POST /sim/lag): lists, gets, deltas, the bin and $deltatoken=latest all
// show the same past. Restore and purge through Graph act on the present.
//
// # People
//
// Person number i follows from the seed alone and is not stored before somebody changes it, so a million people take no memory
// worth naming. There are Latin names with diacritics, Cyrillic, Arabic, Chinese and Japanese ones, titles with emoji, display names
// with markup and formulas, 2 % guests (user_home.example#EXT#@contoso.onmicrosoft.example), 2 % blocked, 3 % without mail, some
// userPrincipalNames with capitals. userPrincipalNames are unique without regard to case, as Entra has it; the pairs of addresses
// that differ only in case are in mail (and otherMails). Managers form a tree whose top two manage each other. Groups (one with
// everybody, nested ones, a cycle of three) exist in the model and the control API only.
//
// # Control
//
// JSON below /sim/, without authentication; GET /sim/ lists every endpoint with a sentence and the kinds of faults:
//
//	GET    /sim/tenant                    ids, secret, domains, addresses, counts, time
//	GET    /sim/users?q=&state=&limit=&offset=    GET /sim/users/{id|name}
//	POST   /sim/users                     create; PATCH, DELETE /sim/users/{id|name}
//	POST   /sim/users/{id|name}/block     also /unblock, /restore, /purge
//	POST   /sim/operations                {"operations":[{"op","user","properties"}]}: one visible step
//	POST   /sim/random                    {"changes":2000,"seed":7,"kinds":["change"]}
//	GET    /sim/groups                    GET /sim/groups/{id}
//	GET    /sim/clock                     POST {"advance":"720h"} or {"offset_ms":N}: forward only
//	GET    /sim/faults                    POST a rule (see FaultRule), DELETE /sim/faults[/{id}]
//	POST   /sim/lag                       {"duration":"5s"}
//	POST   /sim/delta/expire              also /sim/delta/reset: all tokens issued so far
//	POST   /sim/secret/expire             also /restore; /sim/consent/revoke, /grant
//	GET    /sim/stats                     DELETE starts anew
//	GET    /sim/ca.pem                    the certificate authority of HTTPS
//
// A user's state there is live or deleted; Graph's state, a part of the address, is called region.
//
// Errors are {"error":"a sentence that says what to do"}.
//
// # What is not modelled
//
// Sign-in of people, consent pages, certificates and federated credentials; more than one application or secret; permissions one by
// one (the application may do all or nothing, and a revoked consent works at once, where production waits for the token's end).
// Groups, photos, places, applications, subscriptions and audit logs in Graph; writes through Graph but restore and purge.
// Throttling by real budgets: only fault rules throttle, x-ms-resource-unit is told all the same. Replicas that differ from request
// to request. Filters with lambdas, dates or $orderby on other properties; $search cuts words at blanks only. Licences, directory
// extensions, contacts as managers. That the manager of a person is deleted is not told as a change of the person; the link is
// just not shown while he is away. Rules for userPrincipalNames (verified domain, allowed characters) and for other values' length.
// Data are in memory: a restarted tenant is as the seed made it, with new keys.
package entrasim
