# Everything here needs Go, Node 20, make and git. `make` alone lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

GO      ?= go
ifndef VERSION
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
endif
# The seed of everything random in soak, fuzz and bench: printed, and taken from the environment to repeat a run.
ifndef SEED
SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif

export CGO_ENABLED = 0
export ROLLCALL_SEED = $(SEED)

LINTER  := .cache/golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build ## build, then run a simulated tenant of 1,000 people and a server that follows it
	bin/rollcall demo $(ARGS)

.PHONY: test
test: build e2e/scimmy/node_modules/.installed ## run every test (needs Go, Node and Chromium, which is installed where that may be done)
	$(GO) test -timeout 10m -tags node ./...
	@GO='$(GO)' FUZZTIME=20000x .ci/fuzz ./internal/expr ./internal/scim
	.ci/web-test

# A SCIM service that others wrote, as a destination for tests.
e2e/scimmy/node_modules/.installed: e2e/scimmy/package-lock.json
	cd e2e/scimmy && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

# The console's bundle. Packages are installed when their lock file changed; the server compiles without the bundle, and its pages then say
# what to do.
web/node_modules/.installed: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

web/dist/manifest.json: web/node_modules/.installed web/build.mjs NOTICE $(wildcard web/src/*)
	cd web && node build.mjs

.PHONY: web
web: web/dist/manifest.json ## build the console's scripts and styles into web/dist (needs Node 20)

.PHONY: web-test
web-test: build ## try the console in Chromium; pictures of every page go to web/shots
	.ci/web-test $(ARGS)

.PHONY: build
build: web ## build bin/rollcall (Go's own cache decides what is compiled)
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/rollcall ./cmd/rollcall

.PHONY: lint
lint: $(LINTER) ## run golangci-lint, compiled once into .cache
	$(LINTER) run ./...

# The linter's dependencies are pinned in a module of their own, so that none of them enters go.mod, and so that the
# build needs no network once the module cache is filled (`go install …@version` always asks the proxy).
$(LINTER): tools/go.mod tools/go.sum
	$(GO) build -C tools -trimpath -o '$(CURDIR)/$@' github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

.PHONY: verify
verify: ## check that go.mod, generated files and formatting are not stale
	$(GO) mod tidy -diff
	$(GO) mod verify
	.ci/verify-generated
	@files=$$(gofmt -l cmd internal e2e bench 2>/dev/null || true); \
	if [[ -n $$files ]]; then echo "gofmt has something to say about:"; echo "$$files"; exit 1; fi
	$(GO) vet -tags soak,bench,node ./...

.PHONY: conformance
conformance: build ## run python-scim's scim2-tester against the SCIM service (half a minute; once the network)
	.ci/conformance

.PHONY: bench
bench: build ## measure 1,000 to 500,000 users and write docs/benchmarks.md (an hour or so)
	@echo "seed $(SEED) (repeat with: make bench SEED=$(SEED))"
	$(GO) test -tags bench -count 1 -timeout 3h -v -run '^TestBenchmarks' ./bench/...

.PHONY: soak
soak: build ## run the long crash and fault tests, and 1,000 random histories against their model
	@echo "seed $(SEED) (repeat with: make soak SEED=$(SEED))"
	$(GO) test -tags soak -count 1 -timeout 3h -v ./e2e/...
	ROLLCALL_HISTORIES=$(SEED) $(GO) test -tags soak -count 1 -timeout 3h -run '^TestHistories' ./internal/engine

.PHONY: fuzz
fuzz: ## fuzz every Fuzz function for FUZZTIME (30s; the mapping language 10m) and run the property tests 10,000 times
	@echo "seed $(SEED) (repeat the property tests with: make fuzz SEED=$(SEED))"
	@GO='$(GO)' SEED='$(SEED)' .ci/fuzz
