# Two commands: `make book` and `make test`. Python 3.11 or later, make and git are all they need.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: book test lab serve check bench lock clean
book: .venv/book.done
	$(BIN)/policybook build

test: .venv/test.done
	$(BIN)/python -m pytest

lab: .venv/lab.done
	$(BIN)/jupyter lab --notebook-dir=book

serve: .venv/book.done
	$(BIN)/policybook serve

check: .venv/book.done
	$(BIN)/policybook check

bench: .venv/test.done
	$(BIN)/python tests/bench/bench.py
	$(BIN)/python tests/bench/count_texts.py
	$(BIN)/policybook build
	$(BIN)/python tests/bench/pages.py

clean:
	rm -rf _build

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

# New versions within the bounds of pyproject.toml, for all systems and Python 3.11 to 3.13; no address enters a lock.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header
lock: .venv/test.done
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --group build pyproject.toml -o requirements.lock
	$(LOCK) --group build --extra test pyproject.toml -c requirements.lock -o requirements-test.lock
	$(LOCK) --group build --extra lab pyproject.toml -c requirements.lock -o requirements-lab.lock
