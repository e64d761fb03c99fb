# `make` or `make help` tells what there is. CARGO_TARGET_DIR is honoured.
TARGET := $(or $(CARGO_TARGET_DIR),target)
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
.DEFAULT_GOAL := help
.PHONY: help run run-services beside demo accept test conform conform-all pictures k8s-check images images-check backup restore doctor soak lint fmt bench bench-short clean

help: ## What there is
	@awk -F ':.*## ' '/^[a-z%-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables of make run: PORT, DATA_DIR, DATABASE_URL, DEMO; all of them: $(TARGET)/release/hub help"

run: ## The hub in one process on http://127.0.0.1:8069, with demo data and a PostgreSQL of its own
	@cargo build --release -p hub
	@exec $(TARGET)/release/hub

run-services: ## The same as separate processes: gateway, catalog, partners, crm, stock, sync, bridge, console
	@cargo build --release --bin hub --bin gateway --bin catalog --bin partners --bin crm --bin stock --bin sync --bin bridge --bin console
	@exec $(TARGET)/release/hub services

beside: ## This checkout's SERVICE among the others' released programs, as separate processes
	@scripts/beside $(SERVICE)

demo: ## Beside make run, in another terminal: the platforms of the demo's banks, printing what they are told
	@cargo build --release -p system-tests --bin platforms
	@exec $(TARGET)/release/platforms http://127.0.0.1:$(or $(PORT),8069)

accept: ## Takes the API's document as it is now for its snapshot (tests/snapshots); look at the diff
	@cargo build --workspace
	@SNAPSHOTS=accept cargo run --quiet -p local-postgres -- exec -- cargo test --quiet -p system-tests --test api the_document_is_that_of_its_snapshot

test: ## Every test that needs Rust and PostgreSQL alone
	@cargo build --workspace
	@cargo run --quiet -p local-postgres -- exec -- cargo test --workspace

test-%: ## test-stock, and so for each service: its own tests, without the others' code
	@scripts/alone $*

conform: ## Programs that others wrote, against ours; the console in a real Chromium; and the Kubernetes manifests
	@cargo build -p hub -p browser-tests
	@tests/conform/run $(TARGET)/debug/hub
	@tests/conform/browser $(TARGET)/debug/hub $(TARGET)/debug/browser-tests ci
	@scripts/k8s-check

conform-all: ## The console in a real Chromium: every page, as each kind of user, in French and Arabic, wide and narrow, light and dark
	@cargo build -p hub -p browser-tests
	@tests/conform/browser $(TARGET)/debug/hub $(TARGET)/debug/browser-tests all

pictures: ## The pictures of the README, made anew
	@cargo build -p hub -p browser-tests
	@tests/conform/browser $(TARGET)/debug/hub $(TARGET)/debug/browser-tests ci --only none --pictures docs/pictures

soak: ## An upgrade there and back, then chaos under load for SOAK_SECONDS (120); afterwards nothing may be lost or twice
	@scripts/soak

k8s-check: ## The Kubernetes manifests, against the schemas of Kubernetes and of the operators, and our own rules
	@scripts/k8s-check

images: ## One image a service, and hub; REGISTRY and the version name them
	@for image in gateway catalog partners crm stock sync bridge console hub; do \
	    docker build --target $$image --build-arg COMMIT=$$(git rev-parse --short=12 HEAD) \
	        -t $(or $(REGISTRY),registry.example.com/echange)/$$image:$(VERSION) . || exit 1; done

images-check: ## Every image built without Docker or a registry of images, and started: as root, with Debian's buildah; it takes long
	@scripts/images-check

backup: ## Everything of the hub on this machine, into a new folder (FOLDER); it may go on meanwhile
	@cargo build --release -p hub
	@$(TARGET)/release/hub backup $(FOLDER)

restore: ## Puts the backup FOLDER in the place of what is there; the hub must not run
	@cargo build --release -p hub
	@$(TARGET)/release/hub restore $(FOLDER)

doctor: ## What is wrong with the hub on this machine, in words
	@cargo build --release -p hub
	@$(TARGET)/release/hub doctor

lint: ## Format, clippy, the documents of the code, the house's own rules, and those for dependencies
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets -- -D warnings
	@cargo check --quiet -p gateway
	@RUSTDOCFLAGS='-D warnings' cargo doc --quiet --workspace --no-deps --document-private-items
	@scripts/house-rules
	@scripts/deny

fmt: ## Formats the code
	@cargo fmt --all

bench: ## Measures the hub against the database's own limit, and what requests cost; about ten minutes
	@cargo build --release -p hub -p bench
	@$(TARGET)/release/bench

bench-short: ## Every case of it for a second on little data: that each still runs
	@cargo build -p hub -p bench
	@BENCH_SHORT=true $(TARGET)/debug/bench

clean: ## Removes what was built; the data stays
	@cargo clean
