// Package bench measures the real binary against the simulated tenant and writes docs/benchmarks.md.
//
// Server and tenant are processes of their own; only the server is measured. Everything is behind the build tag bench: run `make bench`,
// or `ROLLCALL_BENCH_SIZES=1000,10000 make bench` for some sizes only, which prints the figures and leaves the page as it is. The SCIM service alone takes three minutes: `go test -tags bench -v -run SCIM ./bench`; remote destinations as
// long: `go test -tags bench -v -run Destination ./bench`; the console's pages one minute: `go test -tags bench -v -run Pages ./bench`.
package bench
