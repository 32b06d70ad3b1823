# What people type; each line of work is a script in scripts/.

.PHONY: help demo test test-napari lint format bench soak screenshots clean

help:
	@echo "make demo          open napari on the embedded repository (a picture where there is no display)"
	@echo "make test          all checks and tests"
	@echo "make test-napari   the tests against the oldest, the newest and the coming napari"
	@echo "make lint          style, types and direction of imports only"
	@echo "make format        put the code into the project's format"
	@echo "make soak          random arrays over a server that fails at random, for long"
	@echo "make bench         the benchmarks, into benchmarks/RESULTS.md"
	@echo "make screenshots   take the pictures of the documentation again"
	@echo "make clean         remove everything that make has made here"

demo:
	@sh scripts/demo.sh

test:
	@sh scripts/setup.sh test
	@sh scripts/setup_validate.sh
	@sh scripts/test.sh

test-napari:
	@sh scripts/test_napari.sh

lint:
	@sh scripts/setup.sh test
	@sh scripts/test.sh ruff format mypy imports manifest

format:
	@sh scripts/setup.sh test
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

soak:
	@sh scripts/setup.sh test
	@sh scripts/soak.sh

bench:
	@sh scripts/setup.sh test
	@sh scripts/bench.sh

screenshots:
	@sh scripts/setup.sh test
	@sh scripts/screenshots.sh

clean:
	@rm -rf .venv .venv-* build dist demo.png .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
