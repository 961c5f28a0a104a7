# `make run` and `make test` set up what is missing on Debian and Ubuntu and then do their job. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SWIFT_FOLDERS := Package.swift Sources Examples Tests web
# Targets whose tests keep the cores and the disk busy.
HEAVY_TESTS := SQLiteStorageTests ModelsTests CurlTransportTests
# One set of flags for everything that tests build: other flags would build everything again.
STRICT := WHINCHAT_STRICT=1
PYTHON := .venv/bin/python
# Written when everything is installed: an interrupted installation starts again.
VENV := .venv/installed

# The stages of `test` come one after the other also under `make -j`; each is parallel within.
.NOTPARALLEL:

.PHONY: help
help: ## What there is to make.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

.PHONY: run
run: ## Build and serve on http://127.0.0.1:8080 (ARGS="--port 9000" adds flags).
	@scripts/setup.sh run
	@swift build -c release --product whinchat
	@# A crash report of Swift's runtime shows bytes that registers point to: a key may be among them.
	@export SWIFT_BACKTRACE="$${SWIFT_BACKTRACE:-registers=none}"; \
	exec "$$(swift build -c release --show-bin-path)/whinchat" serve $(ARGS)

.PHONY: run-local
run-local: ## The same against a real small model on this machine: no key, no network once it is set up.
	@scripts/setup.sh local
	@swift build -c release --product whinchat
	@WHINCHAT_BIN_DIR="$$(swift build -c release --show-bin-path)" scripts/run-local.sh $(ARGS)

.PHONY: test
test: lint test-swift test-e2e ## Everything that has to pass: style, Swift tests, Autobahn, end to end, the page.

.PHONY: setup-test
setup-test: setup-test-packages $(VENV)

.PHONY: setup-test-packages
setup-test-packages:
	@scripts/setup.sh test

.PHONY: lint
lint: setup-test
	swift format lint --strict --parallel --recursive $(SWIFT_FOLDERS)

.PHONY: build-test
build-test: setup-test
	$(STRICT) swift build --build-tests

.PHONY: test-swift
test-swift: build-test
	# In turns: what each test waits for has a bound, and all at once they would take the cores from each other for longer.
	for target in $(HEAVY_TESTS); do $(STRICT) swift test --skip-build --filter "^$$target[.]"; done
	$(STRICT) swift test --skip-build $(HEAVY_TESTS:%=--skip '^%[.]')

.PHONY: test-e2e
test-e2e: build-test
	WHINCHAT_BIN_DIR="$$($(STRICT) swift build --show-bin-path)" $(PYTHON) -m pytest -n 2 Tests/autobahn Tests/e2e $(ARGS)

# More of the same tests than `make test` has time for. WHINCHAT_SEED makes other schedules; a failure prints the seed it had.
LONG_PYTEST = WHINCHAT_LONG=1 WHINCHAT_BIN_DIR="$$($(STRICT) swift build --show-bin-path)" $(PYTHON) -m pytest

.PHONY: check-long
check-long: check-races check-model check-kills ## What takes longer than a test may: the next three, an hour or more.

# One after the other: side by side, slowed down by the sanitizer, tests run into their time limits.
.PHONY: check-races
check-races: setup-test ## The Swift tests with thread sanitizer (FILTER=SessionsTests for some of them).
	$(STRICT) swift test --sanitize=thread --scratch-path .build-tsan --no-parallel $(if $(FILTER),--filter '$(FILTER)')

.PHONY: check-model
check-model: build-test ## Random schedules of clients, restarts and kills, thousands of steps.
	$(LONG_PYTEST) Tests/e2e/test_model.py $(ARGS)

.PHONY: check-kills
check-kills: build-test ## A thousand times kill -9 under load.
	$(LONG_PYTEST) Tests/e2e/test_kill.py $(ARGS)

.PHONY: bench
bench: setup-bench $(VENV) ## Measure: cancel, 1,000 streams, saturation, commits, idle connections, proxies. Takes some minutes.
	swift build -c release --product whinchat
	swift build -c release --product fake-provider
	WHINCHAT_BIN_DIR="$$(swift build -c release --show-bin-path)" $(PYTHON) Benchmarks/run.py $(ARGS)

.PHONY: setup-bench
setup-bench:
	@scripts/setup.sh bench

.PHONY: screenshots
screenshots: build-test ## Take the README's screenshots again.
	WHINCHAT_BIN_DIR="$$($(STRICT) swift build --show-bin-path)" $(PYTHON) scripts/screenshots.py docs/images

.PHONY: format
format: ## Format the Swift code.
	swift format --in-place --parallel --recursive $(SWIFT_FOLDERS)

.PHONY: clean
clean: ## Remove everything that was built or installed here.
	rm -rf .build .build-* .venv .local-model

$(VENV): Tests/requirements.txt
	@python3 -m venv .venv
	@.venv/bin/python -m pip install -q --disable-pip-version-check -r Tests/requirements.txt
	@touch $@
