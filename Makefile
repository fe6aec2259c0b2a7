# Every job of the house. `make` alone lists them.
#
# One feature set and one profile for build, test and lint, so that nothing is built twice.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
PYTHON ?= python3
DATA ?= .clarity
# How long each fuzz target runs.
SECONDS_PER_TARGET ?= 60

export RUST_BACKTRACE ?= 1

.PHONY: help run dev dev-window window screenshots db-dev test test-fast lint fmt docs docs-check abuse siege texts bench bench-hrv bench-parts bench-pat bench-window fuzz miri clean

help: ## List the jobs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|' 2>/dev/null || true

run: window ## Start with a demo person on a private data folder; prints address and sign-in
	@mkdir -p -m 700 $(DATA)
	$(CARGO) run --release --quiet -p clarity -- serve --demo --data-dir $(DATA)

dev: ## The same from a development build; `make dev-window` beside it reloads the pages as they are written
	@mkdir -p -m 700 $(DATA)
	$(CARGO) run -p clarity -- serve --demo --data-dir $(DATA)

dev-window: ## The pages at http://localhost:5173 with reload, in front of a server that runs (CLARITY_ADDRESS=…)
	@cd web && npm install --no-audit --no-fund --loglevel=error && npm run --silent dev

window: ## Build the pages that the program contains (needs Node 20.19; without it the program has none)
	@tools/window build

screenshots: window ## The pictures of the README, from the demo person (needs Node and Chromium)
	$(CARGO) build --workspace --bins
	@CLARITY_BINARY=$(CURDIR)/target/debug/clarity CI=true tools/window pictures

db-dev: ## A development server on a throwaway PostgreSQL
	@mkdir -p -m 700 $(DATA)/postgres
	tools/with-services bash -c 'CLARITY_DATABASE_URL=$$CLARITY_TEST_POSTGRES exec $(CARGO) run -p clarity -- serve --demo --data-dir $(DATA)/postgres'

test: ## Every test, with a private PostgreSQL where it can be had
	@tools/with-services tools/all-tests

test-fast: ## Every test that needs no server beside it
	@tools/all-tests

lint: ## Formatting, and clippy and the checks of the pages with warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@tools/window lint

fmt: ## Format every file
	$(CARGO) fmt --all

docs: ## API documentation, and the documents that the program writes itself
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	tools/generated write

docs-check: ## The same, only looking
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	tools/generated check

bench: ## The whole product, the laboratory and the transformer, each figure beside its limit (ARGS=--json: the first only, for programs)
	@$(CARGO) bench --quiet -p clarity --bench whole -- $(ARGS)
ifeq ($(strip $(ARGS)),)
	@$(CARGO) bench --quiet -p analysis --bench rhythm --bench scoring
	@$(MAKE) --no-print-directory bench-window
	@$(MAKE) --no-print-directory bench-pat
endif

# What it takes long to see: kills in the midst of full disks, restarts of the database and purges.
SIEGE_ROUNDS ?= 200
siege: ## SIEGE_ROUNDS kills of the server on both databases: nothing acknowledged is lost, nothing erased is found
	@CLARITY_KILL_ROUNDS=$(SIEGE_ROUNDS) CLARITY_KILL_MS=2000 tools/with-services $(CARGO) test --workspace --test it -- nothing_acknowledged_is_lost --nocapture

PERSON_WEEKS ?= 10000
texts: ## The checker of texts over PERSON_WEEKS generated weeks in every language, with faults that are planted
	@CLARITY_PERSON_WEEKS=$(PERSON_WEEKS) $(CARGO) test --workspace --lib -- insights::weeks --nocapture

abuse: ## One person who does the worst that the default limits allow, and what another one notices (ARGS=NAME…: some)
	@$(CARGO) bench --quiet -p clarity --bench whole -- abuse $(ARGS)

bench-window: window ## What people wait for in the window, with five generated years (needs Node and Chromium)
	@$(CARGO) build --release --quiet --workspace --bins
	@CLARITY_BINARY=$(CURDIR)/target/release/clarity tools/window bench

bench-parts: ## Micro-benchmarks of readers, codec and merge
	@$(CARGO) bench --quiet -p import -p store -p analysis -p pat

bench-pat: ## The actigraphy transformer beside its limit, and beside ONNX Runtime and PyTorch (PYTHON=…)
	@$(CARGO) bench --quiet -p pat --bench pat
	@$(PYTHON) tools/pat-peers
	@$(PYTHON) tools/pat-peers --quick --avx2

bench-hrv: ## Heart-rate variability beside NeuroKit2, which is installed from PyPI
	@tools/hrv-peers

fuzz: ## Each fuzz target for SECONDS_PER_TARGET seconds
	@tools/fuzz $(SECONDS_PER_TARGET)

# Fixed shapes only: the properties would take hours.
MIRI_TESTS = kernel::tests::shapes kernel::tests::far
miri: ## The crate with vector instructions under Miri, plain and with AVX2 (needs nightly with miri)
	$(CARGO) +nightly miri test -p pat --lib -- $(MIRI_TESTS)
	RUSTFLAGS="-C target-feature=+avx2,+fma" $(CARGO) +nightly miri test -p pat --lib -- $(MIRI_TESTS)

clean: ## Remove what was built; data folders stay
	$(CARGO) clean
