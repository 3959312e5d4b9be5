# Two commands: `make book` and `make test`. Python 3.11 or later, make and git are all they need.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: book test lab lite serve check reproduce lock sbom clean
book: .venv/book.done
	$(BIN)/policybook build

test: .venv/test.done
	$(BIN)/python -m pytest

# Copies to run and to change, with the values in the text; the chapters themselves, in book/, stay as they are.
lab: .venv/lab.done
	$(BIN)/policybook build --no-pdf
	$(BIN)/policybook chapters _build/lab
	$(BIN)/jupyter lab --notebook-dir=_build/lab

# The chapters in a browser, nothing installed: a site of its own. Pyodide comes from its usual address when a chapter
# runs; make lite PYODIDE=FILE_OR_URL builds the site with a whole distribution (pyodide-*.tar.bz2) in it. What Pyodide
# lacks, or has only with much that is not needed, lies in the site as wheels.
LITE = _build/lite-in
lite: .venv/lite.done
	rm -rf $(LITE) _build/lite
	$(BIN)/policybook build --no-pdf
	$(BIN)/policybook chapters --data $(LITE)/contents/book
	sed -n '/^krippendorff==/,/[^\]$$/p;/^networkx==/,/[^\]$$/p' requirements-lite.lock > $(LITE)/wheels.txt
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes -r $(LITE)/wheels.txt \
	  --dest $(LITE)/pypi
	cd $(LITE) && $(abspath $(BIN))/jupyter lite build --lite-dir . --contents contents --output-dir ../lite --apps lab \
	  --no-sourcemaps --no-unused-shared-packages \
	  $(if $(PYODIDE),--pyodide $(if $(wildcard $(PYODIDE)),$(abspath $(PYODIDE)),$(PYODIDE)))
	@echo "the site is _build/lite: serve it with $(BIN)/python -m http.server --directory _build/lite"

serve: .venv/book.done
	$(BIN)/policybook serve

check: .venv/book.done
	$(BIN)/policybook check

# Two clean builds of these files, as on two machines; prints what differs, if anything.
reproduce: .venv/test.done
	$(BIN)/python tests/bench/reproduce.py

clean:
	rm -rf _build

# The bill of materials of the lock, with licences: after make lock.
sbom: .venv/book.done
	$(BIN)/python tests/sbom.py

# The environment: exact versions with their hashes, then this package as it lies here.
.venv/book.done: requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or later is needed: make PYTHON=python3.12 book')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/test.done: .venv/book.done requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $@

# JupyterLab stands apart: its parts make every start of Python slower.
.venv/lab.done: .venv/book.done requirements-lab.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lab.lock
	touch $@

.venv/lite.done: .venv/book.done requirements-lite.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lite.lock
	touch $@

# New versions within the bounds of pyproject.toml, for all systems and Python 3.11 to 3.13; no address enters a lock.
LOCK = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header
lock: .venv/test.done
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --group build pyproject.toml -o requirements.lock
	$(LOCK) --group build --extra test pyproject.toml -c requirements.lock -o requirements-test.lock
	$(LOCK) --group build --extra lab pyproject.toml -c requirements.lock -o requirements-lab.lock
	$(LOCK) --group build --extra lite pyproject.toml -c requirements.lock -o requirements-lite.lock

# What is measured and pictured of this report alone.
-include tests/bench/bench.mk
