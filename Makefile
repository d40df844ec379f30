# What contributors run. CI runs the same targets through .ci/run.
GO ?= go
BIN := bin
LINT_VERSION := v2.15.0
PEERS ?= $(HOME)/.cache/bespoke-peers

.PHONY: build test race lint fuzz generate consoles screenshot peers parity bench clean

build: ## a stripped binary in bin/
	$(GO) build -trimpath -ldflags '-s -w' -o $(BIN)/bespoke ./cmd/bespoke

test: ## the tests of the README
	$(GO) test ./...

race: ## the short tests under the race detector
	$(GO) test -race -short ./...

lint: $(BIN)/golangci-lint-$(LINT_VERSION) ## vet, linters, formatting
	$(GO) vet ./...
	$(BIN)/golangci-lint-$(LINT_VERSION) run ./...

$(BIN)/golangci-lint-$(LINT_VERSION):
	GOBIN=$(CURDIR)/$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv $(BIN)/golangci-lint $@

fuzz: ## ten seconds on each parser of outside bytes
	./.ci/fuzz 10s

generate: ## everything generated, again
	$(GO) generate ./...

consoles: ## the real output in README.md and docs/, again
	$(GO) test ./cmd/bespoke -run '^TestConsoles$$' -consoles

screenshot: ## docs/report.png, again
	docs/screenshot.sh

peers: ## the tools we compare with, outside the repository
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install -q -r bench/requirements.txt
	$(PEERS)/bin/pip install -q --no-deps -r bench/requirements-alone.txt

bench: build ## quality and speed beside the peers
	$(PEERS)/bin/python bench/quality/quality.py

clean:
	rm -rf $(BIN)
