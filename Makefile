# Everything here needs Python 3.11 or later and make; `make` alone lists what there is.
PYTHON ?= python3
VENV ?= .venv
BIN := $(abspath $(VENV))/bin
OUT := build/demo

.DEFAULT_GOAL := help
.PHONY: help demo test test-lowest lint types format bench fuzz mutants import-report docs figures gallery clean

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("cnngraph needs Python 3.11 or later, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

demo: $(VENV)/.installed ## the main job: check, table, figures, ONNX, a digit read, a page; files go to build/demo
	@mkdir -p $(OUT)
	$(BIN)/cnngraph check specs/*.spec
	$(BIN)/cnngraph summary lenet5
	$(BIN)/cnngraph render lenet5 -o $(OUT)/lenet5.svg
	$(BIN)/cnngraph render lenet5 -o $(OUT)/lenet5.png
	$(BIN)/cnngraph render resnet --set depth=34 -o $(OUT)/resnet34.svg
	$(BIN)/cnngraph render plain34 resnet --set depth=34 -o $(OUT)/plain34-resnet34.png
	$(BIN)/cnngraph export --onnx lenet5 -o $(OUT)/lenet5.onnx
	$(BIN)/cnngraph export --onnx resnet -o $(OUT)/resnet.onnx
	$(BIN)/cnngraph run $(OUT)/lenet5.onnx --image examples/seven.png
	$(BIN)/cnngraph run lenet5 --image examples/seven.png
	$(BIN)/cnngraph view lenet5 --image examples/seven.png -o $(OUT)/lenet5.html
	@echo; echo "Written:"; ls -l $(OUT) | awk 'NR > 1 { printf "%12d  $(OUT)/%s\n", $$5, $$9 }'

# Every worker reads all modules, and tests start hundreds of processes that do: what is compiled is kept, also where the
# environment says that it is not.
test test-lowest: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.test ## all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

test-lowest: $(VENV)/bin/python ## all tests with the oldest versions that pyproject.toml admits
	@mkdir -p build
	$(PYTHON) -m venv --clear build/lowest
	$(BIN)/python tools/lowest.py > build/lowest.txt
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint build/lowest.txt --editable '.[test]'
	build/lowest/bin/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.test ## ruff: mistakes and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test ## mypy, strict
	$(BIN)/mypy .

format: $(VENV)/.test ## put the code into ruff's format
	$(BIN)/ruff format .

bench: $(VENV)/.test ## time and memory, each beside something measured in the same run
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.test ## ten minutes of fuzzing the language, two of files of weights, and networks of others, on Linux; goes on from build/fuzz
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@mkdir -p build/fuzz
	$(BIN)/python -m tests.fuzz build/fuzz -max_total_time=600 -artifact_prefix=build/
	$(BIN)/python -m tests.fuzz.weights 120
	$(BIN)/python -m tests.fuzz.models 10000

mutants: $(VENV)/.test ## change the rules one place at a time: what no test notices; MUTANTS="-n 20 cnngraph/layers"
	$(BIN)/python tools/mutants.py $(MUTANTS)

import-report: $(VENV)/.installed ## what becomes of models from elsewhere, a line on each; MODELS="a.onnx b.cfg"
	$(BIN)/python tools/import_report.py $(MODELS)

docs: $(VENV)/.installed ## docs/layers.md and the lists of words, from the layer kinds; the index of the pages on codes; docs/diff.md
	$(BIN)/python tools/build_docs.py
	$(BIN)/python tools/build_words.py
	$(BIN)/python tools/build_codes.py
	$(BIN)/python tools/build_diffs.py

figures: $(VENV)/.installed ## docs/figures
	$(BIN)/python tools/build_figures.py

gallery: $(VENV)/.installed ## docs/gallery.md: every style on every network of the lecture
	$(BIN)/python tools/build_gallery.py

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) build
