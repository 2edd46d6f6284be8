"""Runs inside Blender (-P): rest pose, bake, and every format exported and imported again.

Arguments after ``--``: an empty folder to write in. Prints one line of JSON after ``FIGURES``.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(sys.argv[-1])


def load(name: str, path: Path, folder: Path | None = None) -> None:
    """Load ``path`` as the module ``name``, a package where its ``folder`` is given."""
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=[str(folder)] if folder else None
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


load("lift_video_to_3d", ROOT / "__init__.py", ROOT)
load("round_trip", ROOT / "tests" / "addon" / "round_trip.py")
round_trip = sys.modules["round_trip"]
errors = importlib.import_module("lift_video_to_3d.core.errors")
export = importlib.import_module("lift_video_to_3d.addon.export")
output_format = importlib.import_module("lift_video_to_3d.addon.output_format")
quaternion = importlib.import_module("lift_video_to_3d.core.geometry.quaternion")

figures: dict[str, object] = {"blender": bpy.app.version_string, "numpy": np.__version__}
motion = round_trip.example_motion(num_frames=60)
names = motion.rest_pose.bone_names
wanted = round_trip.joint_positions(motion)

round_trip.start_empty_file()
rig = round_trip.add_animated_armature(motion, name="walk")
rest = np.array([rig.data.bones[name].matrix_local for name in names])
rest_error = np.abs(rest[:, :3, :3] - quaternion.to_matrix(motion.rest_pose.rotations)).max()
assert rest_error < 1e-5, rest_error
shown = round_trip.posed_joint_positions(rig, names, range(1, 61))
figures["bake_error_m"] = float(np.abs(shown - wanted).max())
assert np.abs(shown - wanted).max() < 1e-5, figures

for suffix in output_format.OUTPUT_FORMATS:
    try:
        export.require_exporter(suffix)
    except errors.NotAvailableError as error:
        figures[suffix] = str(error)
        continue
    path = FOLDER / f"walk{suffix}"
    round_trip.export_motion(motion, [path], name="walk", start_frame=1)
    found = round_trip.reimport(path, names, fps=Fraction(30))
    assert found.positions.shape == wanted.shape, (suffix, found.positions.shape)
    assert abs(found.fps - 30) < 1e-2, (suffix, found.fps)
    error_m = float(np.abs(found.positions - wanted).max())
    assert error_m < 1e-3, (suffix, error_m)
    figures[suffix] = error_m

ntsc = round_trip.example_motion(num_frames=300, fps=Fraction(30000, 1001))
round_trip.export_motion(ntsc, [FOLDER / "ntsc.glb"], name="walk", start_frame=1)
first, last, num_keys = round_trip.gltf_times(FOLDER / "ntsc.glb")
assert (first, num_keys) == (0.0, 300) and abs(last - 299 * 1.001 / 30) < 1e-5, (first, last)

print("FIGURES", json.dumps(figures), flush=True)
