# Every target is one script in hack/, which says in its first lines what it does.
.DEFAULT_GOAL := help
.PHONY: help bootstrap build demo demo-down test check bench install uninstall image clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Install what is missing, start Slipway in .demo/, push the three examples
	@hack/demo

demo-down: ## Remove every trace of the demo
	@hack/demo-down

build: ## Build bin/slipway, bin/slipwayd and bin/dokku
	@hack/build

test: ## Run every test; Docker is installed and started when it is missing
	@hack/test

check: ## Format, vet, lint, race detector, scripts
	@hack/check

bench: ## Measure
	@hack/bench

image: ## Build the container image slipway:latest
	@hack/image

install: ## Install for the whole machine (root; PREFIX, DESTDIR)
	@hack/install

uninstall: ## Take that back; asks before it removes state
	@hack/uninstall

bootstrap: ## Install the tools, start Docker, provide the base images
	@hack/bootstrap

clean: ## Remove what build and bench made
	rm -rf bin
