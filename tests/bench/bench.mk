# Included by the Makefile of the project.
.PHONY: bench picture

# What the book costs, and what it costs as it grows; about half an hour on two cores.
bench: .venv/test.done
	$(BIN)/python tests/bench/bench.py
	$(BIN)/python tests/bench/count_texts.py
	$(BIN)/python tests/bench/scale.py
	$(BIN)/python tests/bench/growth.py
	$(BIN)/policybook build
	$(BIN)/python tests/bench/pages.py

# The picture in the README, when the landing page has changed.
picture: .venv/test.done
	$(BIN)/policybook build
	$(BIN)/python tests/bench/picture.py
