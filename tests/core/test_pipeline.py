"""The whole flow on real and made-up clips: what comes out is what went in, in 3D."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import LiftError
from core.fit.bone_lengths import bone_lengths_per_frame, standing_height
from core.geometry.camera import camera_to_world, project_to_pixels
from core.geometry.quaternion import rotate
from core.io.native import write_keypoints_npz
from core.io.poses import read_poses_npz
from core.joint_sets import BODY_12, H36M_17, LIFTED_21, convert_joints
from core.lifting.config import LifterConfig
from core.lifting.lift import derive_feet
from core.lifting.weights import LifterWeights, save_weights
from core.pipeline import LiftSettings, lift_clip, write_poses, write_report
from core.retarget.kinematics import joint_positions
from core.types import Keypoints2D
from core.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
BEAM = ROOT / "tests" / "data" / "beam"
CALIBRATED = LiftSettings(
    fps=Fraction(60), calibration=BEAM / "calibration.toml", camera_name="cam_01"
)


def silent(_name, _share):
    return None


def lift_one(path, settings=CALIBRATED):
    (lifted,) = lift_clip(path, person=1, settings=settings, progress=silent)
    return lifted


@pytest.fixture(scope="module")
def beam():
    return lift_one(BEAM / "cam01_json")


def keypoints_of(lifted_path=BEAM / "cam01_json"):
    from core.clip_source import open_clip  # noqa: PLC0415

    return open_clip(lifted_path, fps=Fraction(60), image_size=(1088, 1920)).people[0]


def test_the_version_is_the_manifests():
    assert f'version = "{VERSION}"' in (ROOT / "blender_manifest.toml").read_text()


def test_the_lifted_person_lies_over_the_detected_one(beam):
    detected = convert_joints(keypoints_of(), LIFTED_21)
    joints = LIFTED_21.indices(*BODY_12)
    pixels = project_to_pixels(beam.poses_camera.positions, beam.camera)
    off = np.linalg.norm(pixels - detected.positions, axis=-1)[:, joints]
    # The man is about 900 px tall.
    assert np.median(off) < 15


def test_bones_are_constant_and_a_calibrated_ground_gives_the_true_size(beam):
    lengths = bone_lengths_per_frame(beam.poses_world.positions, LIFTED_21.parents)
    assert (lengths.max(axis=0) - lengths.min(axis=0)).max() < 1e-6
    # The triangulated markers' thigh and shin: 0.416 m and 0.421 m.
    knee, ankle = LIFTED_21.indices("left_knee", "left_ankle")
    assert lengths[0, [knee, ankle]] == pytest.approx([0.416, 0.421], rel=0.07)
    assert beam.report["scale_source"] == "feet on the ground of the calibration"


def test_standing_feet_hardly_slide_in_what_is_baked(beam):
    assert beam.motion.contacts.any()
    assert beam.report["foot_slide_mm_per_s"] < 30


def test_poses_are_what_the_bones_carry(beam):
    assert np.allclose(joint_positions(beam.motion), beam.poses_world.positions)
    back = camera_to_world(beam.poses_camera.positions, beam.camera)
    assert np.allclose(back, beam.poses_world.positions)


def test_p_mpjpe_against_triangulated_markers(beam):
    from core.metrics import p_mpjpe  # noqa: PLC0415

    lines = (BEAM / "triangulated.trc").read_text().splitlines()
    names = [name for name in lines[3].split("\t")[2:] if name]
    rows = np.array([[float(w) for w in line.split("\t")[2:] if w] for line in lines[5:] if line])
    truth = rows[:, : 3 * len(names)].reshape(len(rows), len(names), 3)
    sides = [(n.split("_")[0][0].upper() + n.split("_")[1].capitalize()) for n in BODY_12]
    truth = truth[:, [names.index(name) for name in sides]]
    predicted = beam.poses_camera.positions[:, LIFTED_21.indices(*BODY_12)]
    assert p_mpjpe(predicted, truth) < 0.075


def test_the_same_clip_gives_the_same_result(beam):
    assert np.array_equal(
        lift_one(BEAM / "cam01_json").poses_world.positions, beam.poses_world.positions
    )


def test_height_scales_the_whole_scene():
    small, tall = (
        lift_one(BEAM / "cam01_json", replace(CALIBRATED, height_m=height, lock_feet=False))
        for height in (1.0, 2.0)
    )
    ratio = tall.poses_camera.positions / small.poses_camera.positions
    assert np.allclose(ratio, 2.0)
    lengths = bone_lengths_per_frame(small.poses_world.positions[0], LIFTED_21.parents)
    assert standing_height(lengths, LIFTED_21.joint_names) == pytest.approx(1.0, abs=0.03)


def test_poses_and_report_files_keep_their_contract(beam, tmp_path):
    write_poses(tmp_path / "p.npz", beam)
    with np.load(tmp_path / "p.npz", allow_pickle=False) as archive:
        shapes = {name: archive[name].shape for name in archive.files}
        assert archive["joint_names"].tolist() == list(LIFTED_21.joint_names)
        assert float(archive["fps"]) == 60.0
    assert shapes["positions_camera"] == shapes["positions_world"] == (100, 21, 3)
    assert shapes["confidence"] == (100, 21) and shapes["contacts"] == (100, 2)
    assert shapes["rotation_world_to_camera"] == (4,) and shapes["position_world_camera"] == (3,)
    assert np.array_equal(read_poses_npz(tmp_path / "p.npz").world.frames, np.arange(100))
    write_report(tmp_path / "r.json", beam)
    report = json.loads((tmp_path / "r.json").read_text())
    assert set(report) >= {
        "version", "input", "format", "joint_set", "person", "num_frames", "fps", "image_size",
        "focal_length_px", "focal_source", "scale_source", "camera_tilt_deg", "reprojection_px",
        "bone_length_spread_mm", "bone_lengths_m", "foot_slide_mm_per_s", "jitter", "share_filled",
        "frames_untrusted", "warnings", "seconds",
    }  # fmt: skip
    assert report["format"] == "OpenPose JSON folder, BODY_25B"
    assert report["camera_tilt_deg"] == pytest.approx(22.5, abs=0.2)


def test_without_calibration_the_person_stands_on_the_ground_from_the_origin():
    lifted = lift_one(BEAM / "cam01_json", LiftSettings(fps=Fraction(60)))
    feet = lifted.poses_world.positions[:, LIFTED_21.indices("left_toe", "right_toe"), 2]
    assert -0.15 < feet.min() < 0.1
    assert np.allclose(lifted.poses_world.positions[0, 0, :2], 0, atol=0.02)
    # How far the found vertical is from the calibrated one, for a man who leans on one leg.
    calibrated = lift_one(BEAM / "cam01_json").camera.rotation_world_to_camera
    up = [
        rotate(turn, np.array([0.0, 0.0, 1.0]))
        for turn in (calibrated, lifted.camera.rotation_world_to_camera)
    ]
    assert np.degrees(np.arccos(up[0] @ up[1])) < 15
    assert lifted.report["focal_source"] == "assumed 50 degrees across the longer side"


def save(tmp_path, keypoints, **changes):
    path = tmp_path / "clip.npz"
    write_keypoints_npz(path, replace(keypoints, **changes))
    return path


def rows_of(keypoints, rows, **changes):
    return replace(
        keypoints,
        positions=keypoints.positions[rows],
        confidence=keypoints.confidence[rows],
        frames=keypoints.frames[rows],
        **changes,
    )


def test_keypoints_that_start_late_keep_their_frame_numbers(tmp_path):
    keypoints = keypoints_of()
    lifted = lift_one(save(tmp_path, keypoints, frames=keypoints.frames + 250))
    assert lifted.poses_world.frames.tolist() == list(range(250, 350))


def test_a_long_gap_is_bridged_and_said(tmp_path):
    rows = np.r_[0:30, 75:100]
    lifted = lift_one(save(tmp_path, rows_of(keypoints_of(), rows)))
    assert lifted.poses_world.num_frames == 100
    assert lifted.report["share_filled"] > 0.3 and len(lifted.report["frames_untrusted"]) > 25
    steps = np.linalg.norm(np.diff(lifted.poses_world.positions, axis=0), axis=-1)
    assert steps.max() < 0.2


@pytest.mark.parametrize(
    "fps", [Fraction(30000, 1001), Fraction(24), Fraction(25), Fraction(120), Fraction(15)]
)
def test_every_rate_comes_back_frame_for_frame(tmp_path, fps):
    lifted = lift_one(save(tmp_path, keypoints_of(), fps=fps), replace(CALIBRATED, fps=None))
    assert lifted.motion.fps == fps and lifted.motion.num_frames == 100
    assert np.isfinite(lifted.motion.rotations).all()


def test_a_video_of_variable_rate_keeps_its_timing(tmp_path, monkeypatch):
    from core import clip_source  # noqa: PLC0415
    from core.io.video import VideoInfo  # noqa: PLC0415

    # Every second frame of the first half is missing, as phones drop them: time runs twice as fast.
    rows = np.r_[0:50:2, 50:100]
    times = rows / 60
    keypoints = rows_of(keypoints_of(), rows)
    path = save(tmp_path, keypoints, frames=np.arange(len(rows)), fps=None)
    average = Fraction(len(rows) - 1, 1) / Fraction(99, 60)
    info = VideoInfo(path, (1088, 1920), average, len(rows), 0, times)
    monkeypatch.setattr(clip_source, "_video_info", lambda *_: info)
    varied = lift_one(path, replace(CALIBRATED, fps=None))
    steady = lift_one(BEAM / "cam01_json")
    wrist = LIFTED_21.index("left_wrist")
    even = np.linspace(0, 99, len(rows))
    expected = np.stack(
        [
            np.interp(even, np.arange(100), steady.poses_world.positions[:, wrist, axis])
            for axis in range(3)
        ],
        axis=-1,
    )
    off = np.linalg.norm(varied.poses_world.positions[:, wrist] - expected, axis=-1)
    assert np.median(off) < 0.05


@pytest.mark.parametrize("num_frames", [1, 2, 3, 5])
def test_the_shortest_clips_work(tmp_path, num_frames):
    lifted = lift_one(save(tmp_path, rows_of(keypoints_of(), np.arange(num_frames))))
    assert lifted.motion.num_frames == num_frames
    assert np.isfinite(lifted.poses_world.positions).all()


def test_any_joint_may_be_missing_for_the_whole_clip(tmp_path):
    keypoints = keypoints_of()
    for joint in range(0, 25, 3):
        confidence = keypoints.confidence.copy()
        confidence[:, joint] = 0
        lifted = lift_one(save(tmp_path, keypoints, confidence=confidence))
        assert np.isfinite(lifted.motion.rotations).all()


def test_only_an_upper_body_still_gives_a_whole_person(tmp_path):
    keypoints = keypoints_of()
    confidence = keypoints.confidence.copy()
    confidence[:, 11:17] = confidence[:, 19:] = 0
    lifted = lift_one(save(tmp_path, keypoints, confidence=confidence))
    down = lifted.poses_world.positions[:, 3, 2] - lifted.poses_world.positions[:, 0, 2]
    assert np.isfinite(lifted.motion.rotations).all() and (down < 0).mean() > 0.9


def test_a_hardly_visible_person_is_lifted_with_a_warning(tmp_path):
    keypoints = keypoints_of()
    confidence = keypoints.confidence.copy()
    confidence[:, 7:] = 0
    lifted = lift_one(save(tmp_path, keypoints, confidence=confidence))
    assert any("most of the pose is a guess" in warning for warning in lifted.warnings)
    assert lifted.report["share_filled"] > 0.8 and len(lifted.report["frames_untrusted"]) == 100


def public_style_model(path):
    """A model file as a converted public checkpoint has it: COCO-17 in, Human3.6M-17 out, no rays."""
    config = LifterConfig(
        num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=(3, 3, 3), channels=8
    )
    rng = np.random.default_rng(0)
    shapes = [(8, 34, 3), (8, 8, 3), (8, 8, 1), (8, 8, 3), (8, 8, 1), (51, 8, 1)]
    layers = [(rng.normal(size=s) * 0.02, rng.normal(size=s[0]) * 0.02) for s in shapes]
    standing = np.zeros((17, 3))
    heights = {"hip": 0, "knee": 0.42, "ankle": 0.82, "spine": -0.25, "thorax": -0.5, "nose": -0.68}
    heights |= {"head": -0.8, "shoulder": -0.5, "elbow": -0.22, "wrist": 0.03}
    for joint, name in enumerate(H36M_17.joint_names):
        side = {"left": 0.15, "right": -0.15}.get(name.split("_")[0], 0.0)
        standing[joint] = [side, heights.get(name.split("_")[-1], 0.0), 0.0]
    layers[-1] = (layers[-1][0], standing.ravel())
    save_weights(path, LifterWeights(config, tuple((w, b) for w, b in layers)))


def test_a_public_17_joint_model_drives_the_whole_flow(tmp_path):
    public_style_model(tmp_path / "public.npz")
    lifted = lift_one(BEAM / "cam01_json", replace(CALIBRATED, model=tmp_path / "public.npz"))
    assert np.isfinite(lifted.motion.rotations).all()
    pixels = project_to_pixels(lifted.poses_camera.positions, lifted.camera)
    detected = convert_joints(keypoints_of(), LIFTED_21)
    joints = LIFTED_21.indices(*BODY_12)
    assert np.median(np.linalg.norm(pixels - detected.positions, axis=-1)[:, joints]) < 120


def test_derived_feet_point_where_the_body_faces():
    joints = np.zeros((1, 17, 3))
    # Facing the camera: left is to the right of the picture, y is down.
    joints[:, H36M_17.index("left_hip"), 0], joints[:, H36M_17.index("right_hip"), 0] = 0.1, -0.1
    for side, x in (("left", 0.1), ("right", -0.1)):
        joints[:, H36M_17.index(f"{side}_knee")] = [x, 0.4, 0]
        joints[:, H36M_17.index(f"{side}_ankle")] = [x, 0.8, 0]
    feet = derive_feet(joints)
    for side in ("left", "right"):
        toe, heel, ankle = LIFTED_21.indices(f"{side}_toe", f"{side}_heel", f"{side}_ankle")
        assert feet[0, toe, 2] < -0.1 < 0.02 < feet[0, heel, 2]
        assert feet[0, toe, 1] > feet[0, ankle, 1] < feet[0, heel, 1]


def test_a_person_who_is_not_there_is_an_error():
    with pytest.raises(LiftError, match="no person 4: 1 in the clip"):
        lift_clip(BEAM / "cam01_json", person=4, settings=CALIBRATED, progress=silent)


def test_a_calibration_for_another_picture_is_an_error():
    settings = replace(CALIBRATED, image_size=(1920, 1080))
    with pytest.raises(LiftError, match="calibration is for 1088x1920 px, the clip is 1920x1080"):
        lift_one(BEAM / "cam01_json", settings)


def test_types_refuse_what_does_not_fit():
    with pytest.raises(LiftError, match=r"Keypoints2D\.positions: expected shape \(3, 21, 2\)"):
        Keypoints2D(
            positions=np.zeros((3, 20, 2)),
            confidence=np.zeros((3, 21)),
            frames=np.arange(3),
            image_size=None,
            fps=None,
            person=1,
            skeleton=LIFTED_21,
        )
