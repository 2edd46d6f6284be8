"""A tiny folder of real clips in the layout of the shared data: an AIST-style sequence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.joint_sets import BODY_12, BODY_23, COCO_17, LIFTED_21
from tests.training.evaluation.judged_views import IMAGE_SIZE, make_view

FLOOR_MM = 21.5


def write_real_folder(
    folder: Path,
    *,
    num_frames: int = 120,
    num_cameras: int = 2,
    sequence: str = "breakdance_ch01",
) -> Path:
    """``aistpp/breakdance_ch01.npz``, or another ``sequence``, and its cameras.

    Each camera has its own person, at 60 Hz.
    """
    clips = [make_view(num_frames, fps=60, seed=seed) for seed in range(num_cameras)]
    detected = np.zeros((num_cameras, num_frames, 17, 3))
    truth = np.zeros((num_cameras, num_frames, 17, 3))
    coco = BODY_23.indices(*COCO_17.joint_names)
    body = COCO_17.indices(*BODY_12)
    for row, clip in enumerate(clips):
        seen = clip.source.people[0]
        detected[row, ..., :2] = seen.positions[:, coco]
        detected[row, ..., 2] = seen.confidence[:, coco]
        truth[row][:, body] = clip.truth_camera[:, LIFTED_21.indices(*BODY_12)]
    detected[detected[..., 2] == 0] = np.nan
    place = folder / "aistpp"
    place.mkdir(parents=True, exist_ok=True)
    np.savez(
        place / f"{sequence}.npz",
        keypoints_2d=detected,
        positions_3d=truth,
        num_good_views=np.full((num_cameras, num_frames, 17), 6),
        floor_mm=np.full((num_cameras, num_frames), FLOOR_MM),
    )
    np.savez(
        place / "cameras.npz",
        camera_index=np.arange(num_cameras),
        rotation_world_to_camera=np.tile(np.eye(3), (num_cameras, 1, 1)),
        translation=np.zeros((num_cameras, 3)),
        focal_length=np.full(num_cameras, 1000.0),
        radial_k1=np.zeros(num_cameras),
        principal_point=np.array(IMAGE_SIZE) / 2,
        image_size=np.array(IMAGE_SIZE),
        fps=np.array(60.0),
    )
    return folder
