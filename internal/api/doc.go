// Package api is the HTTP API, described by OpenAPI.
//
// New builds one http.Handler: the operations below /api/v1, their description at /openapi.json and /openapi.yaml, and /healthz, /readyz and
// /metrics for those who run the server. A request passes, in this order:
//
//   - receive: gives it an id, reads its body whole, writes the access log line and counts it (receive.go);
//   - admit: whose token is it, which organization is meant, and may it (admit.go; what each operation asks for is one table, rights.go);
//   - huma: reads parameters and body, checks them against the description (422);
//   - the operation, one file for each noun. It turns requests into calls of directory and engine and has no rules of its own.
//
// Errors leave as problem documents (RFC 9457) that problem.go makes of the kinds of package fault. The exported types are what goes over the
// wire; the command line reads and writes the same ones.
package api
