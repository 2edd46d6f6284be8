"""Batches of synthetic views: the same whatever the number of processes that share them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from core.errors import InputFormatError
from core.learning.distributed import Share
from core.learning.network import TemporalModel
from core.learning.trainer import Task
from core.lifting.lift_stream import LiftStream
from core.lifting.weights import fold_batch_norm, save_weights
from tests.training.datasets.bvh_writer import write_bvh_folder
from tests.training.datasets.made_up_clip import gliding_body, swaying_body
from training.configs import EXPERIMENTS
from training.datasets.bvh import MocapClip
from training.datasets.mocap_folder import load_mocap
from training.datasets.motion_window import MocapWindows
from training.datasets.synthetic import draw_views
from training.datasets.view_config import ViewConfig, plain_views
from training.ray_batch import RayBatch
from training.ray_task import RayObjective, make_ray_task, view_config

MakeTask = Callable[..., Task]


@pytest.fixture(scope="module")
def make_task(tmp_path_factory: pytest.TempPathFactory) -> MakeTask:
    """A task of a share, with a seed."""
    folder = tmp_path_factory.mktemp("bvh")
    write_bvh_folder(folder, ["ann/walk", "ann/run", "bob/walk"], num_frames=20)
    train_clips, _ = load_mocap(folder, "train")
    base = EXPERIMENTS["default"]()
    base = replace(
        base,
        lifter=replace(base.lifter, filter_widths=(3, 3), channels=8),
        batch_size=6,
        chunk_length=4,
    )

    def make(
        share: Share = Share(),  # noqa: B008
        seed: int = 0,
        start_from: Path | None = None,
        num_channels: int = 8,
        val_clips: Sequence[MocapClip] = train_clips,
        is_begun: bool = False,
    ) -> Task:
        lifter = replace(base.lifter, channels=num_channels)
        experiment = replace(base, seed=seed, start_from=start_from, lifter=lifter)
        return make_ray_task(
            experiment,
            train_clips,
            val_clips,
            device=torch.device("cpu"),
            share=share,
            is_begun=is_begun,
        )

    return make


def draw(task: Task, step: int) -> dict[str, torch.Tensor]:
    batch = task.draw_batch(step)
    assert isinstance(batch, RayBatch)
    return {name: value for name, value in vars(batch).items() if torch.is_tensor(value)}


@pytest.mark.parametrize("num_processes", [2, 3])
def test_processes_share_the_views_of_a_single_one(make_task: MakeTask, num_processes: int) -> None:
    tasks = [make_task(Share(rank, num_processes)) for rank in range(num_processes)]
    whole = make_task()
    for step in (0, 5):
        expected = draw(whole, step)
        assert len(expected["features"]) == 6
        for rank, task in enumerate(tasks):
            for name, value in draw(task, step).items():
                assert torch.equal(value, expected[name][rank::num_processes]), name


def test_other_steps_and_seeds_draw_other_views(make_task: MakeTask) -> None:
    views = [draw(make_task(seed=seed), step) for seed in (0, 1_000) for step in (0, 1)]
    assert len({view["features"].sum().item() for view in views}) == 4
    again = draw(make_task(), 0)["features"]
    assert torch.equal(again, views[0]["features"])


def write_begun(path: Path, task: Task) -> TemporalModel:
    """The model file of a network with BatchNorm that does something."""
    model = network_of(task)
    for name, parameter in model.named_parameters():
        if "bn" in name and name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    save_weights(path, fold_batch_norm(model.config, state))
    return model


def network_of(task: Task) -> TemporalModel:
    assert isinstance(task.objective, RayObjective)
    return task.objective.model_pos


def test_training_goes_on_from_a_model_file(make_task: MakeTask, tmp_path: Path) -> None:
    first = write_begun(tmp_path / "begun.npz", make_task())
    task = make_task(start_from=tmp_path / "begun.npz", seed=1)
    again, other = network_of(task), network_of(make_task(seed=1))
    features = draw(task, 0)["features"]
    with torch.no_grad():
        expected, found, fresh = (model.eval()(features) for model in (first, again, other))
    assert torch.allclose(found, expected, atol=5e-3)
    assert not torch.allclose(fresh, expected, atol=5e-2)
    message = r"begun\.npz: expected a network of the same shape, found channels 8 \(not 16\)"
    with pytest.raises(InputFormatError, match=message):
        make_task(start_from=tmp_path / "begun.npz", num_channels=16)


def test_the_clips_for_validation_bear_on_nothing_that_is_learned(
    make_task: MakeTask, tmp_path: Path
) -> None:
    path = tmp_path / "begun.npz"
    write_begun(path, make_task())
    begun, same, other = (
        network_of(make_task(start_from=path, val_clips=clips)).state_dict()
        for clips in ([swaying_body()], [swaying_body()], [gliding_body()])
    )
    assert all(torch.equal(begun[name], same[name]) for name in begun)
    assert all(torch.equal(begun[name], other[name]) for name in begun)


def test_a_run_that_has_begun_does_not_read_where_it_started_from(
    make_task: MakeTask, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.npz"
    with pytest.raises(InputFormatError, match=r"gone\.npz"):
        make_task(start_from=gone)
    fresh = network_of(make_task()).state_dict()
    begun = network_of(make_task(start_from=gone, is_begun=True)).state_dict()
    assert all(torch.equal(fresh[name], begun[name]) for name in fresh)


def test_gravity_turns_with_the_body_into_the_camera_that_looks_at_it() -> None:
    windows = MocapWindows([swaying_body()])
    config = replace(plain_views(), share_moving_camera=1.0)
    views = draw_views(windows, 4, 40, config, np.random.default_rng(0))
    batch = RayBatch(views, (5, 5), torch.device("cpu"))
    bones = views.targets[:, :, 1:] - views.targets[:, :, :1]
    expected = np.einsum("ntpi,nti->ntp", bones, views.gravity)
    depth = (batch.target_depth[..., 1:, None] - batch.target_depth[..., :1, None]).numpy()
    across = (batch.target_xy[..., 1:, :] - batch.target_xy[..., :1, :]).numpy()
    turned = np.concatenate([across, depth], axis=-1)
    found = np.einsum("ntpi,nti->ntp", turned, batch.gravity.numpy())
    assert np.allclose(found, expected, atol=1e-5)
    assert not np.allclose(batch.gravity.numpy(), views.gravity, atol=1e-2)


CAUSAL = replace(EXPERIMENTS["default_causal"]().lifter, filter_widths=(3, 3), channels=8)


def test_a_causal_networks_input_knows_no_later_frame() -> None:
    views = draw_views(
        MocapWindows([swaying_body()]), 3, 60, plain_views(), np.random.default_rng(0)
    )
    changed = replace(views, rays=views.rays + 0.2 * (np.arange(60) >= 40)[:, None, None])
    for is_causal in (True, False):
        first, second = (
            RayBatch(one, (8, 0), torch.device("cpu"), is_causal=is_causal).features[:, :40]
            for one in (views, changed)
        )
        assert torch.equal(first, second) == is_causal


def test_a_causal_network_is_trained_on_what_it_sees_live() -> None:
    views = draw_views(
        MocapWindows([swaying_body()]), 1, 60, plain_views(), np.random.default_rng(0)
    )
    torch.manual_seed(0)
    objective = RayObjective(TemporalModel(CAUSAL)).eval()
    batch = RayBatch(views, CAUSAL.padding, torch.device("cpu"), is_causal=True)
    with torch.no_grad():
        trained = objective.decode(batch)
    state = {name: value.numpy() for name, value in objective.model_pos.state_dict().items()}
    stream = LiftStream(fold_batch_norm(CAUSAL, state))
    live = [stream.push(*frame) for frame in zip(views.rays[0], views.confidence[0], strict=True)]
    # The window's first frames are the past of those that have an output.
    assert batch.inner == slice(8, 60) and trained.depth.shape[1] == 52
    sigma = np.concatenate([pose.sigma for pose in live])[8:]
    assert np.allclose(sigma, np.exp(trained.log_sigma[0].numpy()), atol=1e-4)
    contact = np.concatenate([pose.contact for pose in live])[8:]
    assert np.allclose(contact, torch.sigmoid(trained.contact_logits[0]).numpy(), atol=1e-4)
    distance = np.concatenate([pose.positions for pose in live])[8:]
    spread = np.linalg.norm(distance - distance[:, :1], axis=-1)
    raw = torch.cat([trained.xy, trained.depth[..., None]], dim=-1)[0]
    assert np.allclose(spread, (raw - raw[:, :1]).norm(dim=-1).numpy(), atol=1e-4)


def test_clips_begin_as_late_as_the_first_outputs_of_a_causal_window() -> None:
    experiment = EXPERIMENTS["default_causal"]()
    config, num_frames = experiment.lifter, experiment.chunk_length + 80
    assert config.padding == (80, 0)
    reach = view_config(experiment).cut_reach * num_frames
    # Outputs of a stream's very first frames, which see little but copies of the first.
    assert 80 < reach <= 80 + experiment.chunk_length / 4
    assert view_config(EXPERIMENTS["default"]()) == ViewConfig()


def test_a_batch_is_described_by_what_it_was_drawn_with(make_task: MakeTask) -> None:
    expected = "synthetic views drawn with seed 3 and step 8 (from 0)"
    assert make_task(Share(1, 2), seed=3).describe_batch(8) == expected
