# `make help` lists the targets. Needs Python 3.11 or newer with venv and pip, nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test test-all test-newest chaos gpu gpu-wheels lint types dashboard screenshots test-compose clean-venv
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_NO_INPUT := 1
# Not the caller's: the environment made here is the only one used.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV
# Every process of the service would compile its modules anew.
unexport PYTHONDONTWRITEBYTECODE

VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
ARGS ?=

# cpu: the pinned CPU pair; cuda: the newest CUDA build; skip: what the interpreter has.
TORCH ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo cuda || echo cpu)
ifeq ($(filter $(TORCH),cpu cuda skip),)
$(error TORCH=$(TORCH): choose cpu, cuda or skip)
endif
# All else is pinned; PINS= on the command line takes the newest.
PINS := -c constraints.txt
CONSTRAINTS_cpu := -c constraints-cpu.txt
CONSTRAINTS_skip := -c $(VENV)/torch.txt
CANDIDATES_cpu := python3.11 python3.12 python3.13 python3.14 python3
CANDIDATES_cuda := $(CANDIDATES_cpu)
CANDIDATES_skip := python3 $(CANDIDATES_cpu)
# An interpreter counts if it runs, is new enough, can make environments and, with `skip`, has torch.
CHECK := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
CHECK_skip := ; import importlib.util as u; sys.exit(not (u.find_spec("torch") and u.find_spec("torchvision")))
SERVICE := $(VENV)/.service-$(TORCH)
DEV := $(VENV)/.dev-$(TORCH)
# A CUDA build of torch has brought its own.
TRITON := $(if $(filter cpu,$(TORCH)),$(VENV)/.triton)

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile
	@echo "TORCH=cpu|cuda|skip overrides the choice of torch's build (now $(TORCH)); PYTHON=... the interpreter; ARGS=... is passed on."

demo: $(SERVICE) ## Install, serve, train a real experiment, show the result; ARGS=--exit ends then.
	@exec $(RUN) -m client.demo $(ARGS)

serve: $(SERVICE) ## Install and serve the clone's lpl-data on LPL_PORT, else on 8000 or a free port.
	@LPL_DATA_DIR="$${LPL_DATA_DIR:-$(CURDIR)/lpl-data}" exec $(RUN) -m client serve $(ARGS)

PYTEST := -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 20

test: $(DEV) ## Install what the tests need and run them: quick ones first.
	@$(CHROMIUM)
	@exec $(RUN) $(PYTEST) -m "not campaign and not peers" $(ARGS)

test-all: $(DEV) $(TRITON) $(VENV)/.node ## As test, with whole grids, long fuzzing, compilers, real peers, and compose where Docker runs.
	@$(CHROMIUM)
	@$(RUN) $(PYTEST) $(ARGS)
	@if docker info >/dev/null 2>&1; then $(MAKE) --no-print-directory test-compose; \
	  else echo "compose: not tested, no Docker engine answers"; fi

test-newest: ## As test, with the newest releases of what it needs, in an environment of its own.
	@rm -rf .venv-newest
	@exec $(MAKE) --no-print-directory VENV=.venv-newest PINS= test

chaos: $(DEV) ## Run long campaigns of kills, freezes and outages; ARGS="--seed 3 --jobs 500 --seconds 900" for more.
	@exec $(RUN) -m tests.chaos $(ARGS)

# The machine's own Python and torch: nothing is installed there but what travels in gpu-wheels.
gpu: ## On a machine with a GPU: the tests marked gpu, benchmarks, then evidence; ARGS="--minutes 8 --only evidence".
	@exec $(or $(PYTHON),python3) -m benchmarks.gpu $(ARGS)

# For x86-64 Linux with the Python of GPU_PYTHON.
GPU_PYTHON ?= 3.12
GPU_PLATFORMS := $(patsubst %,--platform manylinux_%_x86_64,2_17 2_27 2_28 2_34) --platform manylinux2014_x86_64
gpu-wheels: $(DEV) ## Download into gpu-wheels what a GPU machine without a network may lack for make gpu.
	@rm -rf gpu-wheels
	@$(RUN) -m pip download -q --no-deps --only-binary=:all: --python-version $(GPU_PYTHON) --implementation cp \
	  $(GPU_PLATFORMS) -d gpu-wheels $$($(RUN) -m pip freeze | grep -iE '^($(GPU_PACKAGES))==' )
	@ls gpu-wheels

GPU_PACKAGES := annotated[-_]types|pydantic|pydantic[-_]core|typing[-_]inspection|typing[-_]extensions|safetensors|simplejpeg|hypothesis|sortedcontainers|pytest-timeout|pytest-xdist|execnet

lint: $(DEV) ## Check style and the direction of imports.
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(BIN)/lint-imports

types: $(DEV) ## Check types.
	@$(RUN) -m mypy api worker lplcore store client migrations tests benchmarks

dashboard: $(VENV)/.node ## Build the dashboard's pages from api/dashboard/source; needs npm's registry once.
	@exec $(RUN) -m tests.dashboard.bundle

screenshots: $(DEV) ## Take pictures of all views from a seeded service into docs/images; needs Chromium.
	@$(CHROMIUM)
	@exec $(RUN) -m tests.dashboard.screenshots $(ARGS)

test-compose: $(SERVICE) ## Build the image and test the composed service (needs a Docker engine).
	@PYTHON=$(RUN) bash tests/compose/run.sh

clean-venv: ## Remove the environment.
	@rm -rf "$(VENV)"

# Browser tests run where a Chromium is found; the one without windows takes half the time. Without root, or elsewhere
# than on Debian, it is the user's to install.
define CHROMIUM
if ! command -v chromium-headless-shell >/dev/null 2>&1; then \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && grep -q '^ID=debian' /etc/os-release; then \
    echo "Installing Chromium for the browser tests..."; \
    export DEBIAN_FRONTEND=noninteractive; \
    install="apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=60 fonts-dejavu-core"; \
    $$install chromium-headless-shell >/dev/null 2>&1 || { apt-get update -qq >/dev/null 2>&1; \
      $$install chromium-headless-shell >/dev/null 2>&1; } || \
      command -v chromium >/dev/null 2>&1 || $$install chromium >/dev/null 2>&1 || \
      echo "Chromium could not be installed: the browser tests will be skipped."; \
  elif ! command -v chromium >/dev/null 2>&1; then \
    echo "There is no chromium on the path: the browser tests will be skipped."; \
  fi; \
fi
endef

# An environment that works is kept; one that does not (interrupted, moved, of a Python that is gone) is made anew.
$(VENV)/.made-$(TORCH):
	@set -e; \
	if [ -e "$(VENV)" ] && [ "$$(cat $(VENV)/.torch 2>/dev/null || echo $(TORCH))" = "$(TORCH)" ] && \
	   $(RUN) -c '$(CHECK)' 2>/dev/null && $(RUN) -m pip --version >/dev/null 2>&1; then \
	  :; \
	else \
	  found=; \
	  for python in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES_$(TORCH))); do \
	    if "$$python" -c '$(CHECK)' >/dev/null 2>&1 && \
	       { [ "$(TORCH)" != skip ] || "$$python" -c 'import sys$(CHECK_skip)' >/dev/null 2>&1; }; then \
	      found=$$python; break; \
	    fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "No usable Python found (tried: $(or $(PYTHON),$(CANDIDATES_$(TORCH))))." >&2; \
	    echo "Needed: Python 3.11 or newer with venv and pip$(if $(filter skip,$(TORCH)), that has torch and torchvision)." >&2; \
	    echo "On Debian and Ubuntu: apt install python3-venv. Another one: make PYTHON=/path/to/python." >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$found ($$("$$found" -V))..."; \
	  "$$found" -m venv --clear $(if $(filter skip,$(TORCH)),--system-site-packages) "$(VENV)"; \
	fi
	@if [ "$(TORCH)" = skip ]; then \
	  $(RUN) -c 'from importlib.metadata import version as v; print(*(f"{n}=={v(n)}" for n in ("torch", "torchvision")), sep="\n")' \
	    > $(VENV)/torch.txt; \
	fi
	@rm -f $(VENV)/.service-* $(VENV)/.dev-* $(VENV)/.triton $(VENV)/.made-*
	@echo $(TORCH) > $(VENV)/.torch
	@touch $@

$(SERVICE): pyproject.toml constraints.txt constraints-cpu.txt | $(VENV)/.made-$(TORCH)
	@echo "Installing the service into $(VENV) (torch: $(TORCH)); the first time takes a minute or more..."
	@$(RUN) -m pip install -qq $(PINS) $(CONSTRAINTS_$(TORCH)) -e '.[service,client]'
	@touch $@

$(DEV): pyproject.toml constraints.txt constraints-cpu.txt | $(VENV)/.made-$(TORCH)
	@echo "Installing the service and what the tests need into $(VENV) (torch: $(TORCH))..."
	@$(RUN) -m pip install -qq $(PINS) $(CONSTRAINTS_$(TORCH)) -e '.[service,client,dev]'
	@touch $(SERVICE) $@

$(VENV)/.node: $(DEV)
	@echo "Installing Node, which builds the dashboard's pages..."
	@$(RUN) -m pip install -qq $(PINS) $(CONSTRAINTS_$(TORCH)) -e '.[dashboard]'
	@touch $@

$(VENV)/.triton: $(DEV)
	@echo "Installing Triton, whose interpreter runs the kernels in the tests..."
	@$(RUN) -m pip install -qq $(PINS) $(CONSTRAINTS_$(TORCH)) -e '.[triton]'
	@touch $@
