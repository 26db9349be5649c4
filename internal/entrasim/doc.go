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
// Instead of the secret the application may prove itself by an assertion (RFC 7523): signed with the key of a certificate that it
// registered (x5t#S256 or x5t; 700023, 700024, 700027), or by an issuer that it registered, whose keys are given with it (700213).
// A token's life goes by the tenant's clock. Without consent a token without roles is issued, and Graph answers 403. An application that
// was removed gets no token (700016), and 401 Authorization_IdentityNotFound for one that it has.
//
// Sign-in and consent are pages of plain HTML, marked as simulated, without passwords and scripts: /oauth2/v2.0/authorize gives a code for
// openid (PKCE with S256; ten minutes, once; 54005, 70008, 501481), also under /organizations, and /v2.0/adminconsent asks for the consent of the
// tenant. There are two accounts, beside the people: alex.admin may consent, uma.user may not and meets "Approval required" (90094), where
// a request can be sent; /{tenant}/admin-consent-requests stands for the page in Microsoft's admin center on which it is approved. Cancel
// is access_denied with AADSTS65004. An application that asks for permissions in the account's name to change grants meets a page for these
// (90094 without the role); its token then reads and deletes its appRoleAssignments and oauth2PermissionGrants in Graph. A wrong client or redirect address is a page (700016, 50011), and nobody is sent on.
//
// Graph, below /v1.0: users (list, get by id or userPrincipalName, $count, manager), groups (list, get, $count), what belongs to
// them (members, transitiveMembers, memberOf, transitiveMemberOf, each whole, by type and as $count), users/delta and groups/delta,
// directory/deletedItems (list, get, restore, purge), organization, domains, $batch. Of the query options: $select,
// $expand=manager($levels=1;$select=…) of users, $top, $count, $search, $orderby by displayName or userPrincipalName, and $filter with eq,
// ne, in, startswith, endswith, and, or, not; for members only $select, $top and $count.
//
// Delta tokens live seven days by the tenant's clock, counted from the beginning of the round that gave them; then they get
// 400 syncStateNotFound, and after a reset or a restart 410 resyncRequired with a Location. A round ends where it stood when it began; a user
// comes once in it, in the state of the moment. Users that are gone come as @removed, changed (in the recycle bin) or deleted.
// manager@delta comes when the manager changed, not each time the user did.
//
// members@delta tells who joined and who left, each once, and of a group that is new, restored or in a first round all members. A page
// has at most 200 groups and 1,000 members: a large group comes again on the next page, with the same properties and other members.
// Who is in the recycle bin keeps his memberships: he is not in the lists of members, but in a first round; that he was deleted or
// restored is no change of the group, that he was purged is one (so Graph's documentation; people report that it is not told:
// microsoftgraph/microsoft-graph-docs, issue 14708).
//
// The recycle bin runs out after 30 days by the tenant's clock. Of groups only those of Microsoft 365 have one; a security group is gone
// at once. The userPrincipalName of a deleted user has the id without dashes
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
// that differ only in case are in mail (and otherMails). Managers form a tree whose top two manage each other.
//
// # Groups
//
// Groups are not stored either before somebody changes them: the first has everybody, the next three hold each other in a cycle, every
// tenth holds the next two, a few have a device, a contact or an application among their members, some share their displayName with
// another. Server.Groups, GroupMembers and GroupNesting choose numbers, sizes and nesting. A member costs four bytes once it joined or left,
// and joining, leaving and telling it in a delta cost the same in a group of ten and of 250,000.
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
//	GET    /sim/groups?q=&state=&limit=&offset=   GET /sim/groups/{id}, /sim/groups/{id}/members
//	POST   /sim/groups                    create; PATCH, DELETE /sim/groups/{id}; POST …/restore, /purge
//	POST   /sim/groups/{id}/join          {"members":["id or name",{"type":"device"}],"from":0,"count":25000}; also /leave; a group nests
//	POST   /sim/groups/bulk               {"groups":1000,"members":50,"kind":"security","name":"Bulk"}
//	POST   /sim/groups/random             {"changes":200,"seed":7,"kinds":["join","leave","nest"]}
//	GET    /sim/clock                     POST {"advance":"720h"} or {"offset_ms":N}: forward only
//	GET    /sim/faults                    POST a rule (see FaultRule), DELETE /sim/faults[/{id}]
//	POST   /sim/lag                       {"duration":"5s"}
//	POST   /sim/delta/expire              also /sim/delta/reset: all tokens issued so far
//	PUT    /sim/push                      {"tenant_url","secret_token","all","users","groups"}; GET, DELETE; POST …/test, /cycle, /ondemand
//	POST   /sim/secret/expire             also /restore; /sim/consent/revoke, /grant; /sim/app/remove, /restore
//	GET    /sim/app                       how these stand
//	POST   /sim/certificates, /sim/federated   what the application may prove itself with
//	GET    /sim/consent/requests          POST …/{id}/approve, /deny; POST /sim/consent/workflow {"enabled":false}
//	GET    /sim/stats                     DELETE starts anew
//	GET    /sim/ca.pem                    the certificate authority of HTTPS
//
// Operations may be on groups as well ({"op":"join","group","members"}). A user's state there is live or deleted; Graph's state, a part of the address, is called region.
//
// Errors are {"error":"a sentence that says what to do"}.
//
// # Pushing
//
// Entra's own provisioning service pushes to one SCIM service (PUT /sim/push), when it is told to: initial and incremental cycles, Test Connection, on demand, in the
// default dialect or, with aadOptscim062020 in the address, the other one. It has the sixteen default mappings of the gallery's application for Webex, finds who exists
// by userName and then by externalId, reads before it writes, sends no nulls, and writes managers and members after the people. Who is blocked, unassigned or in
// the recycle bin becomes inactive (under the bin's name for him), who is purged is deleted; who was unassigned before is forgotten instead. Groups are found by their
// displayName and deleted with the tenant's; one that is not assigned any more is left alone. A refused secret, or a failed test, is a quarantine: one try a day, and the end after
// 28. What fails is tried again in the next cycle; Entra waits longer each time.
//
// # What is not modelled
//
// Sign-in of the people themselves, passwords and sessions; registered redirect addresses (any of https or of this machine is one); consent
// of single users; the end of requests after some days, and the mails about them; more than one application or secret; permissions one by
// one (the application may do all or nothing, and a revoked consent works at once, where production waits for the token's end).
// Photos, places, applications, subscriptions and audit logs in Graph; writes through Graph but restore and purge. Of groups: owners,
// dynamic and hidden membership, distribution lists and mail-enabled security groups, $expand=members, filters on groupTypes, that
// production keeps groups out of Microsoft 365 groups, a group out of itself, and groups without a name from being made. A group is not
// among its own transitive members, whatever cycle leads to it. Devices, contacts and applications have a type and an id, nothing else.
// Throttling by real budgets: only fault rules throttle, x-ms-resource-unit is told all the same. Replicas that differ from request
// to request. Filters with lambdas, dates or $orderby on other properties; $search cuts words at blanks only. Licences, directory
// extensions, contacts as managers. That the manager of a person is deleted is not told as a change of the person; the link is
// just not shown while he is away. Rules for userPrincipalNames (verified domain, allowed characters) and for other values' length.
// Data are in memory: a restarted tenant is as the seed made it, with new keys.
package entrasim
