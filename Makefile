# `make` or `make help` tells what there is. CARGO_TARGET_DIR is honoured.
TARGET := $(or $(CARGO_TARGET_DIR),target)
.DEFAULT_GOAL := help
.PHONY: help run run-services demo test conform lint fmt bench clean

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables of make run: PORT, DATA_DIR, DATABASE_URL, DEMO; all of them: $(TARGET)/release/hub help"

run: ## The hub in one process on http://127.0.0.1:8069, with demo data and a PostgreSQL of its own
	@cargo build --release -p hub
	@exec $(TARGET)/release/hub

run-services: ## The same as separate processes: gateway, catalog, partners, crm, stock, sync
	@cargo build --release -p hub -p gateway -p catalog -p partners -p crm -p stock -p sync
	@exec $(TARGET)/release/hub services

demo: ## Beside make run, in another terminal: the platforms of the demo's banks, printing what they are told
	@cargo build --release -p system-tests --bin platforms
	@exec $(TARGET)/release/platforms http://127.0.0.1:$(or $(PORT),8069)

test: ## Every test that needs Rust and PostgreSQL alone
	@cargo build --workspace
	@cargo run --quiet -p local-postgres -- exec -- cargo test --workspace

conform: ## Programs that others wrote, against ours
	@cargo build -p hub
	@tests/conform/run $(TARGET)/debug/hub

lint: ## Format, clippy, and the house's own rules
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets -- -D warnings
	@scripts/house-rules

fmt: ## Formats the code
	@cargo fmt --all

bench: ## Measures the hub against the database's own limit; about five minutes
	@cargo build --release -p hub -p bench
	@$(TARGET)/release/bench

clean: ## Removes what was built, and the demo's data
	@cargo clean
	@rm -rf .local
