# Everything one does with Tributary, one target each; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run demo build site dev configuration test test-mysql test-faults test-kill test-million test-load test-soak audit check-deploy schemathesis scan fuzz agents bench screenshots lighthouse fmt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, then serve
	exec target/release/tributary serve

demo: build ## build, fill data/demo with a year of campaign history, and serve it
	exec scripts/demo.sh

build: site ## the one file target/release/tributary, with the site inside
	cargo build --release --package server --features embed-site

site: ## what the browser loads, in target/site
	scripts/build-site.sh

dev: ## a debug server and an unoptimised site: quick to rebuild
	scripts/build-site.sh --dev
	cargo run --package server -- serve

test: ## everything CI checks; ends with "N passed, N failed"
	@scripts/test.sh

test-mysql: ## the storage tests on a real MySQL (root; fetches Debian's newest)
	scripts/mysql-sid.sh run cargo test --workspace --exclude frontend

test-faults: ## faults of a minute each, under load, on the release build (6 minutes after the build)
	scripts/ensure-apt.sh build-essential=cc mariadb-server-core=mariadbd faketime=faketime
	TRIBUTARY_OUTAGE_SECONDS=60 cargo test --release --package server --test faults -- --nocapture

test-kill: ## kill -9 under load, 1,000 times on SQLite and on MariaDB (5 minutes after the build)
	scripts/ensure-apt.sh build-essential=cc mariadb-server-core=mariadbd
	TRIBUTARY_KILL_ROUNDS=1000 cargo test --release --package server --test faults -- --nocapture kill9

test-million: ## 1,000,000 submissions, 30 % of them duplicates, across three kill -9, on SQLite (ON=mariadb for that)
	scripts/ensure-apt.sh build-essential=cc mariadb-server-core=mariadbd
	cargo test --release --package server --test faults -- --nocapture --ignored a_million_submissions_are_exact_on_$(or $(ON),sqlite)

test-load: ## ten times what is allowed beside 10,000 redirects a second, for MINUTES (10): memory flat, figures exact
	scripts/ensure-apt.sh build-essential=cc mariadb-server-core=mariadbd
	TRIBUTARY_LOAD_MINUTES=$(or $(MINUTES),10) TRIBUTARY_LOAD_ON=$(ON) cargo test --release --package server --test faults -- \
		--nocapture --ignored ten_times_the_burst

test-soak: ## half of what this machine can do, for MINUTES (60): no memory, descriptor or click is lost (ON=mariadb for that)
	scripts/ensure-apt.sh build-essential=cc mariadb-server-core=mariadbd
	TRIBUTARY_SOAK_MINUTES=$(or $(MINUTES),60) TRIBUTARY_LOAD_ON=$(ON) cargo test --release --package server --test faults -- \
		--nocapture --ignored an_hour_at_half

audit: ## what is known to be wrong with dependencies (downloads RustSec's list)
	scripts/deny.sh advisories

check-deploy: build ## lint what deploy/ and .github/ hold, run the image's last stage, put Caddy before a node (as root; installs linters)
	scripts/check-deploy.sh

schemathesis: site ## fuzz a debug server by its own OpenAPI document, as each role (needs Python 3.10; CASES=100000: so many of each)
	scripts/schemathesis.sh

scan: build ## sqlmap, wapiti and nikto on a demo's server, as nobody and as each role that logs in (MINUTES of each at most: 20)
	scripts/scan.sh

fuzz: ## hostile input: TARGET=redirect RUNS=100000, or all of fuzz/targets, 10,000,000 each (half an hour)
	scripts/fuzz.sh

agents: ## renew the list of machines' names from npm, and measure it on real agents
	scripts/agents.sh

bench: build ## measure against the yardsticks, in one run (8 to 12 minutes; wants a quiet machine)
	RUNLEVEL=1 scripts/ensure-apt.sh build-essential=cc nginx-light=nginx wrk=wrk util-linux=taskset sqlite3=sqlite3 curl=curl
	scripts/mariadb.sh run cargo run --release --package bench

configuration: ## docs/configuration.md anew, from the code
	UPDATE=1 cargo test --package server --test configuration

screenshots: build ## docs/images anew, of a demo's pages (two minutes after the build)
	scripts/screenshots.sh

lighthouse: build ## Lighthouse, mobile, on the page each role lands on (two minutes after the build)
	scripts/lighthouse.sh

fmt: ## format the Rust code
	cargo fmt --all

clean: ## remove what was built (the tools' cache folder stays)
	rm -rf target node_modules
