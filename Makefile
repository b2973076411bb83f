# Plateau. Each target does its own set-up; `make` alone says what there is.
SHELL := /bin/sh
PYTHON := .venv/bin/python
FOR ?=
JSON ?=
ONLY ?=
PART ?=
SYSTEMS ?=

.PHONY: help setup setup-demo demo test check bench images test-images test-systems clean requirements

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile

setup: ## everything that demo, test, check and bench need
	@setup/setup.sh dev

setup-demo:
	@setup/setup.sh demo

demo: setup-demo ## a live floor with callers and agents; FOR=60 ends after 60 s, JSON=file keeps the figures
	@$(PYTHON) -m demo $(if $(FOR),--seconds $(FOR)) $(if $(JSON),--json-file $(JSON))

test: setup ## all tests: pure, stores, real Asterisk, browser; ONLY=tests/unit for a part
	@$(if $(ONLY),$(PYTHON) -m pytest $(ONLY),tests/run.sh $(PYTHON))

check: setup ## types, style, imports between rooms, the compose file
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy acd ari ivr recording api store kpi control switch load plateau migrations demo bench tests
	@.venv/bin/lint-imports
	@PLATEAU_SIP_ADDRESS= PLATEAU_TRUNK_MATCH=172.28.91.50 docker-compose -f docker-compose.yml config -q
	@PLATEAU_SIP_ADDRESS= PLATEAU_TRUNK_MATCH=172.28.91.50 docker-compose -f docker-compose.yml --profile sipp config -q

images: setup ## the images of docker-compose.yml; without an engine by buildah, on Debian packages alone
	@$(PYTHON) -m tests.images.building

test-images: setup ## start the images as docker-compose.yml says, take a call, start again, upgrade
	@$(PYTHON) -m tests.images.building --for-tests
	@tests/images/run.sh $(PYTHON)

test-systems: setup ## all of it on each system of the README, in root folders; SYSTEMS=debian13, PART=unit
	@$(PYTHON) -m tests.systems $(if $(PART),--part $(PART)) $(SYSTEMS)

bench: setup ## measure: 30 calls a second, 100 agents; prints and keeps the figures in bench/results
	@$(PYTHON) -m bench

requirements: ## compile the hashed requirements anew from pyproject.toml
	@.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-emit-find-links --no-emit-index-url --no-header -q -o requirements/runtime.txt
	@.venv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-find-links --no-emit-index-url --no-header -q -o requirements/dev.txt

clean: ## remove what was made: .venv, .cache, .plateau (a running floor is ended first)
	@if [ -x $(PYTHON) ] && [ -d .plateau ]; then $(PYTHON) -m plateau down; fi
	@rm -rf .venv .cache .plateau build *.egg-info
