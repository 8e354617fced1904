# Yihu 一呼. `make run` and `make test` need nothing but Debian 12 (or any Linux with Python >= 3.11) and a network at the first time.
.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test check lint demo clean
bin := .venv/bin
.NOTPARALLEL:

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 16

setup: ## fetch what is missing: Python packages into .venv, Asterisk and redis-server into .deps
	@setup/python_env.sh runtime
	@setup/programs.sh run
	@setup/web.sh run

setup-test: setup
	@setup/python_env.sh dev
	@setup/programs.sh test
	@setup/web.sh test

run: setup ## start the telephone server; Ctrl-C stops it
	@exec $(bin)/yihu up

demo: setup ## a demonstration: simulated citizens and agents on the real system, with a report
	@exec $(bin)/yihu demo

test: setup-test lint ## every check and every test (docs/decisions/023 on the second try)
	$(bin)/python -m pytest -q -n auto tests/unit
	$(bin)/python -m pytest -q --reruns 1 -rR tests --ignore tests/unit

check: setup-test lint ## format, lint, types, import directions, unit tests: under a minute
	$(bin)/python -m pytest -q -n auto tests/unit

lint:
	$(bin)/ruff format --check .
	$(bin)/ruff check .
	$(bin)/mypy
	$(bin)/lint-imports
	@setup/web.sh check

clean: ## remove .venv, .deps and caches; what was recorded (var) stays
	rm -rf .venv .deps build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
