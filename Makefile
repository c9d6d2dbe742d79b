# Two commands: `make demo` and `make test`. Both set up all they need in .venv; a machine needs Python 3.11 to 3.14 and make.

WORKERS ?= 2
PYTEST = .venv/bin/python -m pytest
ONCE_WANTED = $(filter-out 0 no false,$(ONCE))

.PHONY: help demo test check lint bench runtime dev

help:
	@echo 'make demo           the platform on simulators; stays up to look around (Ctrl-C ends it)'
	@echo 'make demo ONCE=1    the same, ends by itself with the auditor'"'"'s summary; SEED=7 chooses another world'
	@echo 'make test           format, lint, types and every test'
	@echo 'make check          format, lint, types and the architecture tests: under 30 seconds'
	@echo 'make bench          the measurements of bench/, written to bench/RESULTS.md'

demo: runtime
	@.venv/bin/trueup demo $(if $(ONCE_WANTED),--once) $(if $(SEED),--seed $(SEED))

test: lint
	@$(PYTEST) -n $(WORKERS) --dist worksteal

check: lint
	@$(PYTEST) tests/architecture

lint: dev
	@.venv/bin/ruff format --check --quiet . || { echo 'Not formatted: run .venv/bin/ruff format .' >&2; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy

bench: dev
	@set -e; for name in $$(grep -l __main__ bench/*.py | sed 's,/,.,; s,\.py$$,,'); do \
		echo "$$name"; .venv/bin/python -m "$$name"; done

runtime:
	@.ci/prepare runtime

dev:
	@.ci/prepare dev
