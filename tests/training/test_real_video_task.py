"""Real keypoints beside synthetic views: which windows are drawn, and what their terms ask for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from core.errors import InputFormatError
from core.geometry.camera import camera_at_origin, project_to_pixels
from core.joint_sets import BODY_23, LIFTED_21
from core.learning.clips import ClipSet, TrainingClip
from core.learning.distributed import Share
from core.learning.loss_weights import RayLossWeights
from core.lifting.decoding import RayOutput
from tests.training.datasets.made_up_clip import swaying_body
from tests.training.evaluation.judged_views import IMAGE_SIZE, make_view
from training.configs import EXPERIMENTS, Experiment
from training.ray_batch import RayBatch
from training.ray_task import RayObjective, make_ray_task
from training.real_video_task import (
    RealBatch,
    RealVideoBatch,
    RealVideoObjective,
    RealVideoWeights,
    RealWindows,
    with_real_video,
)

CHUNK = 6
CPU = torch.device("cpu")
BASE = EXPERIMENTS["default"]()
TINY = replace(
    BASE,
    lifter=replace(BASE.lifter, filter_widths=(3, 3), channels=8),
    batch_size=4,
    chunk_length=CHUNK,
)


def clip_of(num_frames: int, *, seed: int = 0) -> TrainingClip:
    view = make_view(num_frames, seed=seed)
    seen = view.source.people[0]
    return TrainingClip(
        subject=f"somebody {seed}",
        action="",
        camera_name="",
        keypoints=seen.positions,
        confidence=seen.confidence,
        positions=None,
        camera=view.source.camera,
        image_size=IMAGE_SIZE,
        fps=30.0,
    )


def windows_of(*clips: TrainingClip) -> RealWindows:
    return RealWindows(ClipSet(clips, BODY_23, None), TINY.lifter, chunk_length=CHUNK, device=CPU)


def task_of(experiment: Experiment = TINY, weights: RealVideoWeights | None = None):
    body = [swaying_body()]
    task = make_ray_task(experiment, body, body, device=CPU, share=Share())
    if weights is None:
        return task
    return with_real_video(
        task,
        windows_of(clip_of(40)),
        loss=experiment.loss,
        weights=weights,
        num_windows=experiment.batch_size,
        seed=experiment.seed,
    )


def test_a_window_is_a_stretch_of_the_clip_or_of_its_mirror_image() -> None:
    windows = windows_of(clip_of(30))
    whole = windows_of(clip_of(30)).draw(64, np.random.default_rng(0))
    assert windows.num_frames == 30
    assert whole.features.shape == (64, CHUNK + 8, 23, 4) and whole.rays.shape == (64, CHUNK, 21, 2)
    # The network's middle frames are those that the terms are about.
    nose = BODY_23.index("nose"), LIFTED_21.index("nose")
    seen = whole.features[:, 4:-4, nose[0], :2]
    assert torch.allclose(seen, whole.base_xy[:, :, nose[1]], atol=1e-6)
    # Mirrored ones are there too: x is on either side of what the clip alone has.
    plain, mirror = whole.rays[..., 0], -whole.rays[:, :, LIFTED_21.mirror.copy(), 0]
    rows = {tuple(np.round(row, 5)) for row in plain.flatten(1).numpy()}
    assert rows & {tuple(np.round(row, 5)) for row in mirror.flatten(1).numpy()}


def test_a_clip_that_is_shorter_than_a_window_counts_no_frame_twice() -> None:
    batch = windows_of(clip_of(4)).draw(8, np.random.default_rng(0))
    assert (batch.confidence[:, :4].sum(dim=-1) > 0).all()
    assert not batch.confidence[:, 4:].any()
    assert torch.equal(batch.features[:, 4], batch.features[:, 0])
    assert torch.equal(batch.features[:, 7], batch.features[:, -1])


def test_a_clip_needs_a_lens() -> None:
    with pytest.raises(
        InputFormatError, match="somebody 0: expected keypoints with confidence, and"
    ):
        windows_of(replace(clip_of(20), camera=None))


def test_the_labelled_stream_is_the_same_with_or_without_the_other() -> None:
    alone, beside = task_of(), task_of(weights=RealVideoWeights())
    labelled, both = alone.draw_batch(3), beside.draw_batch(3)
    assert isinstance(labelled, RayBatch) and isinstance(both, RealVideoBatch)
    assert torch.equal(labelled.features, both.labelled.features)
    assert both.num_outputs == labelled.num_outputs == 4 * CHUNK
    again = beside.draw_batch(3)
    assert isinstance(again, RealVideoBatch)
    assert torch.equal(again.unlabelled.features, both.unlabelled.features)
    assert isinstance(alone.objective, RayObjective)
    expected = alone.objective.state_dict()
    assert all(
        torch.equal(value, expected[name]) for name, value in beside.objective.state_dict().items()
    )


def test_the_loss_is_the_labelled_one_and_the_weighted_terms() -> None:
    batch = task_of(weights=RealVideoWeights()).draw_batch(0)
    totals: list[float] = []
    for weights in (RealVideoWeights(0, 0, 0), RealVideoWeights(2, 3, 5)):
        objective = task_of(weights=weights).objective.eval()
        with torch.no_grad():
            total, terms = objective(batch)
        totals.append(total.item())
    gain = 2 * terms["projection"] + 3 * terms["real_bone_length"] + 5 * terms["steadiness"]
    assert totals[1] - totals[0] == pytest.approx(gain.item(), abs=1e-5)
    assert all(terms[name] > 0 for name in ("projection", "real_bone_length", "steadiness"))


def test_a_step_leaves_the_networks_statistics_alone() -> None:
    task = task_of(weights=RealVideoWeights())
    objective = task.objective.train()
    assert isinstance(objective, RealVideoObjective)
    norm = objective.model_pos.expand_bn
    before = norm.running_mean.clone()
    objective(task.draw_batch(0))
    assert torch.equal(norm.running_mean, before)
    assert objective.model_pos.dropout.training and norm.weight.requires_grad


def true_case(
    *, stretch: float = 1.0, drift: float = 0.0
) -> tuple[RayOutput, RealBatch, RayOutput, RayBatch]:
    """A body, as if the network had told it exactly, beside a labelled one told exactly.

    ``stretch``: the unlabelled one is so many times as large, and as far away; ``drift``: told depths
    of one forearm are so much off in the first frame (m).
    """
    body = make_view(CHUNK, seed=3).truth_camera * stretch
    camera = camera_at_origin(1000.0, IMAGE_SIZE)
    rays = (project_to_pixels(body, camera) - camera.principal_point) / camera.focal_length
    points = torch.from_numpy(body).float()[None]
    depth = points[..., 2] - points[..., :1, 2]
    depth[:, 0, LIFTED_21.index("left_wrist")] += drift
    confidence = torch.ones(1, CHUNK, LIFTED_21.num_joints)
    output = RayOutput(points[..., :2], depth, None, None, None)
    real = RealBatch(
        features=torch.empty(0),
        base_xy=torch.empty(0),
        depth_reach=torch.empty(0),
        rays=torch.from_numpy(rays).float()[None],
        confidence=confidence,
        distance=points[..., 0, 2],
    )
    labelled = object.__new__(RayBatch)
    labelled.inner = slice(0, CHUNK)
    labelled.rays, labelled.ray_confidence = real.rays, confidence
    labelled.distance = real.distance / stretch
    told = output._replace(xy=output.xy / stretch, depth=depth / stretch)
    return output, real, told, labelled


def terms_of(case: tuple[RayOutput, RealBatch, RayOutput, RayBatch]) -> dict[str, float]:
    objective = RealVideoObjective(
        task_network(), RayLossWeights(), RealVideoWeights(steadiness=1.0)
    )
    output, real, told, labelled = case
    terms = objective.real_terms(output, real, told, labelled)
    return {name: value.item() for name, value in terms.items()}


def task_network():
    objective = task_of().objective
    assert isinstance(objective, RayObjective)
    return objective.model_pos


def test_the_true_pose_projects_back_and_has_the_labelled_peoples_bones() -> None:
    terms = terms_of(true_case())
    assert terms["projection"] == pytest.approx(0, abs=1e-5)
    assert terms["real_bone_length"] == pytest.approx(0, abs=1e-5)
    assert terms["steadiness"] == pytest.approx(0, abs=1e-5)


def test_larger_bones_than_the_labelled_peoples_cost_their_difference() -> None:
    terms = terms_of(true_case(stretch=1.5))
    lengths = np.linalg.norm(
        np.diff(make_view(CHUNK, seed=3).truth_camera[:, LIFTED_21.bones], axis=2)[:, :, 0], axis=-1
    )
    assert terms["real_bone_length"] == pytest.approx(0.5 * lengths.mean(), rel=1e-3)
    assert terms["projection"] == pytest.approx(0, abs=1e-5)


def test_one_length_that_is_off_costs_against_the_mean_of_both_sides_and_all_frames() -> None:
    elbow, wrist = make_view(CHUNK, seed=3).truth_camera[
        0, LIFTED_21.indices("left_elbow", "left_wrist")
    ]
    farther = wrist * (wrist[2] + 0.3) / wrist[2]
    off = abs(np.linalg.norm(farther - elbow) - np.linalg.norm(wrist - elbow))
    # One of 12 lengths moves the mean by a twelfth: it and the 11 others are 11 / 12 off together.
    expected = off * (11 / 12 + 11 / 12) / (CHUNK * len(LIFTED_21.bones))
    assert terms_of(true_case(drift=0.3))["steadiness"] == pytest.approx(expected, rel=1e-3)


def test_what_lies_beside_its_ray_costs_the_distance() -> None:
    output, real, told, labelled = true_case()
    aside = output._replace(xy=output.xy + torch.tensor([0.03, 0.04]))
    depth = 1 + output.depth / real.distance[..., None]
    terms = terms_of((aside, real, told, labelled))
    assert terms["projection"] == pytest.approx((0.05 / depth).mean().item(), rel=1e-4)
    unseen = replace(real, confidence=torch.zeros_like(real.confidence))
    assert terms_of((aside, unseen, told, labelled))["projection"] == 0
