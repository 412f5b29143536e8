# artgen-osc. `make help` lists what there is.
PYTHON ?= python3
BIN := .venv/bin
RUN_PACKAGES := libportaudio2 libasound2-plugins libegl1 libgl1 libgl1-mesa-dri
TEST_PACKAGES := $(RUN_PACKAGES) xvfb xauth xdotool pulseaudio pulseaudio-utils puredata-core supercollider-language supercollider-server \
	liblo-tools fluidsynth fluid-soundfont-gm chromium libatomic1 openssl fontconfig fonts-dejavu-core jackd2 nginx-light libnginx-mod-rtmp
# One worker has all the tests that wait for other programs, and is idle most of the time.
WORKERS ?= 3
PYTEST := $(BIN)/pytest --dist loadscope
DEMO := demo-output
# Tests start hundreds of programs; none is to be compiled anew for each.
unexport PYTHONDONTWRITEBYTECODE
SCREEN := $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),,--headless)

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: .venv/run ## set up, then play the demo: music, meters, pictures
	@mkdir -p $(DEMO)
	$(BIN)/artgen live --input demo $(SCREEN) --meters --seconds 62 --strip $(DEMO)/strip.png
	@echo "the pictures of the show: $(DEMO)/strip.png"

test: .venv/test lint ## set up, then run every check and test
	$(PYTEST) -n $(WORKERS)

check: .venv/test lint ## the same, but for the tests that take their time
	$(PYTEST) -n 2 -m "not live and not slow"

lint: .venv/test ## form, imports, types, dead code, dependencies
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/deptry .

format: .venv/test ## put the code into its one form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/run ## write the OSC table into the README, the models' cards into MODELS.md
	$(BIN)/python -m artgen_osc.commands.readme README.md
	$(BIN)/python -m artgen_osc.inference.model_cards MODELS.md

effects: .venv/run ## draw the pictures of docs/effects.md
	@mkdir -p docs/effects docs/transitions
	for kind in effects transitions; do for file in visuals/$$kind/*.fs; do \
		$(BIN)/artgen effects preview $$file -o docs/$$kind/$$(basename $$file .fs).jpg --size 384x216 --at 3.1 || exit; done; done

presets: .venv/run ## draw the strips of docs/scenes.md
	$(BIN)/python -m benchmarks.presets --strips docs/scenes

clean: ## remove what was made, but not runs/
	rm -rf .venv build dist *.egg-info $(DEMO) .pytest_cache .ruff_cache .mypy_cache .hypothesis

.venv/run: pyproject.toml
	sh .ci/packages python3-venv $(RUN_PACKAGES)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	@touch $@

.venv/test: pyproject.toml constraints.txt
	sh .ci/packages python3-venv $(TEST_PACKAGES)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,test]'
	@touch .venv/run $@

.PHONY: help demo test check lint format docs effects presets clean
