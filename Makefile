# fgsuite: two commands do everything on a fresh clone: `make demo` and `make test`.
.DEFAULT_GOAL := check
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# PyTorch goes in first, at the tested version, so that nothing pulls another build after it. On Linux the plain package
# carries CUDA; for the small CPU build give pip the CPU index from PyTorch's install page:
#   make demo TORCH_FLAGS="--index-url <index>"
TORCH ?= torch==2.13.0
TORCH_FLAGS ?=
PIP := $(BIN)/python -m pip install --disable-pip-version-check

# Every command is a process of its own; without bytecode each would compile the packages again.
export PYTHONDONTWRITEBYTECODE :=

MODEL ?= models/tiny
PACK ?= climate_ko
SEED ?= 1
OUT ?= out/demo

.PHONY: check help demo test format lint types tests fuzz test-slow tpu-env test-tpu golden docs wheel resolve bench screenshot tiny-base tiny-card clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.torch:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --quiet --upgrade pip
	$(PIP) $(TORCH_FLAGS) "$(TORCH)"
	@touch $@

$(VENV)/.train: $(VENV)/.torch pyproject.toml constraints.txt
	$(PIP) --quiet --constraint constraints.txt --editable ".[train]"
	@touch $@

$(VENV)/.dev: $(VENV)/.train
	$(PIP) --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@

demo: $(VENV)/.train  ## the whole loop, offline: data, LoRA, scores, report (MODEL=, PACK=, SEED=, OUT=)
	@$(BIN)/python scripts/demo.py --model "$(MODEL)" --pack "$(PACK)" --seed "$(SEED)" --out "$(OUT)"

test: lint types tests  ## format check, lint, strict types, tests (what CI runs)

check: format test  ## format, then everything `make test` does

format: $(VENV)/.dev  ## write the house format
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix-only .

lint: $(VENV)/.dev  ## format check and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev  ## strict types
	$(BIN)/mypy

tests: $(VENV)/.dev  ## the test suite, without the slow tests
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --maxprocesses 4 --dist loadfile

fuzz: $(VENV)/.dev  ## the property tests with new random cases
	FUZZ=1 $(BIN)/python -m pytest -m "not slow" -k "$$(grep -rlE '^@given' tests | xargs -n1 basename -s .py | paste -sd'|' | sed 's/|/ or /g')" --numprocesses auto --maxprocesses 4

test-slow: $(VENV)/.dev  ## the tests that take minutes (the real 270M shape with random weights)
	$(BIN)/python -m pytest -m slow

# torch_xla needs its own PyTorch, so it has an environment of its own. PyTorch's plain Linux package for x86-64 carries CUDA
# (7 GB installed); with the CPU index from PyTorch's install page it is a tenth:
#   make test-tpu TORCH_FLAGS="--index-url <index>"
# On a TPU host: make tpu-env TPU_XLA="torch_xla[tpu]==2.9.0"
TPU_VENV := .venv-tpu
TPU_TORCH ?= torch==2.9.0
TPU_XLA ?= torch_xla==2.9.0
TPU_PIP := $(TPU_VENV)/bin/python -m pip install --disable-pip-version-check

$(TPU_VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	test -x $(TPU_VENV)/bin/python || $(PYTHON) -m venv $(TPU_VENV)
	$(TPU_PIP) --quiet --upgrade pip
	$(TPU_PIP) --quiet $(TORCH_FLAGS) "$(TPU_TORCH)"
	$(TPU_PIP) --quiet --constraint constraints.txt "$(TPU_TORCH)" "$(TPU_XLA)" pytest hypothesis --editable ".[train]"
	@touch $@

tpu-env: $(TPU_VENV)/.ready  ## the environment for a TPU, .venv-tpu, with torch_xla

test-tpu: $(TPU_VENV)/.ready  ## the TPU's code on four virtual devices of torch_xla's CPU backend (in .venv-tpu)
	PJRT_DEVICE=CPU CPU_NUM_DEVICES=4 $(TPU_VENV)/bin/python -m pytest tests/tpu -p no:cacheprovider

golden: $(VENV)/.dev  ## rewrite the golden files and the frozen tables; review the diff
	$(BIN)/python -m tests.korean_table
	$(BIN)/python -m tests.korean_requests
	$(BIN)/python -m tests.perturb_table

docs: $(VENV)/.dev  ## rewrite the generated parts of the docs (command-line help, file tree, figures)
	$(BIN)/python scripts/docs.py

bench: $(VENV)/.dev  ## run the benchmarks, old way and ours side by side (TRL= a folder with trl installed)
	$(BIN)/python benchmarks/format.py --json benchmarks/results/format.json
	$(BIN)/python benchmarks/intervals.py --json benchmarks/results/intervals.json
	$(BIN)/python benchmarks/generate.py --json benchmarks/results/generate.json
	$(BIN)/python benchmarks/reading.py --json benchmarks/results/reading.json
	$(BIN)/python benchmarks/perturb.py --json benchmarks/results/perturb.json
	$(BIN)/python benchmarks/score.py --json benchmarks/results/score.json
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/train.py --batch 32 --dtype bfloat16 --dropout 0.05 --json benchmarks/results/train.json
	$(BIN)/python benchmarks/threads.py --json benchmarks/results/threads.json
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/train_cpu.py $(if $(TRL),--trl $(TRL) --json benchmarks/results/train_cpu.json)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/infer.py --json benchmarks/results/infer.json

wheel: $(VENV)/.dev  ## build the wheel into dist/
	$(BIN)/python -m build --wheel --outdir dist .

resolve: $(VENV)/.torch  ## check that the dependencies resolve on Python 3.11, 3.12 and 3.13 (asks the package index)
	@for v in 3.11 3.12 3.13; do \
	  $(PIP) --quiet --dry-run --ignore-installed --only-binary=:all: --python-version $$v --target $(VENV)/resolve \
	    --constraint constraints.txt $$($(PYTHON) scripts/requirements.py) \
	  && echo "Python $$v: resolves" || { echo "Python $$v: does not resolve"; exit 1; }; done

screenshot: $(VENV)/.train  ## the report of the last demo as docs/images/report.png (needs chromium)
	$(BIN)/python scripts/screenshot.py $(OUT)/report.html docs/images/report.png

tiny-base: $(VENV)/.train  ## make models/tiny again from nothing (two hours on 2 cores)
	$(BIN)/python -m scripts.tiny_base.corpus --rows 12000 --seed 1 --out out/tiny-base
	$(BIN)/python -m scripts.tiny_base.pretrain --corpus out/tiny-base --out out/tiny-base/model
	$(BIN)/python -m scripts.tiny_base.corpus --stage 2 --rows 3500 --seed 2 --out out/tiny-base
	$(BIN)/python -m scripts.tiny_base.pretrain --corpus out/tiny-base/stage-2 --out out/tiny-base/stage-2/model \
	  --init out/tiny-base/model/final --muon-lr 2e-3 --adam-lr 2e-3 --seed 2 --save-every 100
	$(BIN)/python -m scripts.tiny_base.corpus --stage 3 --rows 11000 --seed 3 --out out/tiny-base
	$(BIN)/python -m scripts.tiny_base.pretrain --corpus out/tiny-base/stage-3 --out out/tiny-base/stage-3/model \
	  --init out/tiny-base/stage-2/model/final --muon-lr 3e-3 --adam-lr 3e-3 --seed 3 --bf16 --processes 2
	$(BIN)/python -m scripts.tiny_base.release --run out/tiny-base --out models/tiny

tiny-card: $(VENV)/.train  ## write the card of models/tiny again, after packs have changed
	$(BIN)/python -m scripts.tiny_base.release --card

clean:  ## remove what was made here, but not the virtual environment
	rm -rf out dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
