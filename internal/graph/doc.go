// Package graph is a client for the parts of Microsoft Graph that we use.
//
// It reads users and groups (list, delta, recycle bin, look-up by id), the direct members of groups, the organization and its domains with
// application permissions, and hides from its callers what every caller would have to do alike:
//
//   - Tokens are fetched with the client secret, kept until five minutes before they expire, and fetched again once when Graph
//     refuses one.
//   - A try that failed for a reason that may pass (no connection, a timeout, 408, 429, 5xx, a body that was cut or is not the JSON
//     that was promised) is repeated up to three times, after the wait that the server asked for or after an exponential back-off with
//     full jitter.
//   - A page is returned only when its whole body has arrived and every part of it could be read. There are no half pages. Pages are
//     handed out one by one: nothing here holds a whole list, or a whole group.
//   - Links are opaque and are followed on the configured host only; so are redirects.
//
// Every error that the caller has to act on is a fault and names the request by the id that Microsoft's support asks for. An error
// never means that somebody is gone: that is said only by Removed, by Left, by Gone, and by a completed list.
//
// Wire formats: https://learn.microsoft.com/graph/api/overview (v1.0) and, for tokens,
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
package graph
