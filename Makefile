# Everything runs in .venv; each target sets up what it needs. Python 3.11, as bpy's wheels ask for.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
BEAM := tests/data/beam

.PHONY: setup setup-train setup-dev demo test test-blender test-wheels check format extension extension-full \
	benchmark clean

# pins(PYTHON,EXTRA): prints what pyproject.toml pins under that name.
pins = $(1) -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['$(2)'], sep='\n')"

# install(EXTRA,OPTIONS): what pyproject.toml pins under that name, with options of pip's.
define install
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(call pins,$(BIN)/python,$(1)) > $(VENV)/$(1).txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(2) -r $(VENV)/$(1).txt
	@touch $@
endef

$(VENV)/.demo: pyproject.toml
	$(call install,demo)
$(VENV)/.train: pyproject.toml
	$(call install,train)
$(VENV)/.dev: pyproject.toml
	$(call install,dev)
# Without its requirements: OpenCV's metadata ask for NumPy 2 from Python 3.9 on, bpy's wheels run on NumPy 1.26,
# and OpenCV works with both (the tests of videos run with 1.26, Blender 4.3 and 5.2 bring 2.2 and 2.4).
$(VENV)/.video: pyproject.toml
	$(call install,video,--no-deps)

setup: $(VENV)/.demo
setup-train: setup $(VENV)/.train
setup-dev: setup-train $(VENV)/.dev $(VENV)/.video

demo: setup
	$(BIN)/python addon/cli.py $(BEAM)/cam01_json --calibration $(BEAM)/calibration.toml --camera cam_01 \
		--output build/beam.bvh --output build/beam.fbx --poses build/beam.npz --report build/beam.json
	$(BIN)/python -m training.evaluation.contact_sheet $(BEAM)/cam01_json build/beam.npz build/beam.png

# Two processes: core is loaded as itself in one, as part of the extension in the other.
test: setup-dev
	$(BIN)/python -m pytest tests/core tests/training
	$(BIN)/python -m pytest tests/addon tests/layers tests/blender

# BLENDER=path of a Blender executable; BLENDER_WINDOW=command that starts it in a window, with event simulation;
# FULL_PACKAGE=path of the zip for this system that make extension-full built: what the tests of videos install
test-blender: setup-dev
	BLENDER="$(BLENDER)" BLENDER_WINDOW="$(BLENDER_WINDOW)" FULL_PACKAGE="$(FULL_PACKAGE)" \
		$(BIN)/python -m pytest tests/blender

# The add-on's tests on the oldest and the newest bpy wheel.
test-wheels:
	@for version in 4.2.0 5.0.1; do \
		test -x $(VENV)-bpy-$$version/bin/python || $(PYTHON) -m venv $(VENV)-bpy-$$version; \
		$(VENV)-bpy-$$version/bin/python -m pip install --quiet --disable-pip-version-check \
			bpy==$$version "numpy<2" pytest==9.2.0 hypothesis==6.170.15 || exit 1; \
		$(VENV)-bpy-$$version/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
			$$($(call pins,$(VENV)-bpy-$$version/bin/python,video)) || exit 1; \
		$(VENV)-bpy-$$version/bin/python -m pytest tests/addon || exit 1; \
	done

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

extension: setup
	@mkdir -p dist && rm -f dist/*.zip
	$(BIN)/python -c "import bpy, pathlib; print(next(pathlib.Path(bpy.utils.resource_path('LOCAL')).glob('scripts/addons_core/bl_pkg/cli/blender_ext.py')))" > $(VENV)/blender_ext.txt
	$(BIN)/python "$$(cat $(VENV)/blender_ext.txt)" build --source-dir . --output-dir dist
	$(BIN)/python "$$(cat $(VENV)/blender_ext.txt)" validate dist/*.zip

# One zip per platform with OpenCV and the networks, beside the light one: what a video needs.
extension-full: extension
	$(BIN)/python -m training.full_package dist/*.zip --builder "$$(cat $(VENV)/blender_ext.txt)" --output-dir dist

benchmark: setup-dev
	$(BIN)/python -m training.benchmark

clean:
	rm -rf build dist
