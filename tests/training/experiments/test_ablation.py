"""The ablations: what every arm changes, and that what is compared is what was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import torch

from core.errors import InputFormatError, LiftError
from core.learning.network import TemporalModel
from core.lifting.weights import LifterWeights, fold_batch_norm
from tests.training.evaluation.judged_views import make_view
from tests.training.evaluation.real_writer import write_real_folder
from training.configs import Experiment
from training.evaluation.judged_clip import through_network
from training.experiments import ablation
from training.experiments.ablation import ARMS, make_base, parse
from training.experiments.ray_arm import weights_of
from training.experiments.reading_lift import through_reading
from training.experiments.validation import MOCAP, Scores, load_validation, score, score_cells
from training.ray_reading import RayReading
from training.run_config import SINCE_ADDED

TINY = ("--channels", "8", "--epochs", "1", "--steps-per-epoch", "2", "--batch-size", "2")


def base_of() -> Experiment:
    return make_base(parse(["--data", ".", "--real", ".", *TINY, "--batch-size", "4"]), seed=0)


def differing(arm: str) -> set[str]:
    """Dotted names of what an arm changes."""

    def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in values.items():
            nested = flat(value, f"{prefix}{key}.") if isinstance(value, dict) else None
            found |= nested if nested is not None else {prefix + key: value}
        return found

    ours, theirs = (flat(asdict(one)) for one in (base_of(), ARMS[arm].change(base_of())))
    return {name for name in ours if ours[name] != theirs[name]}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    for sequence in ("breakdance_ch01", "breakdance_ch04"):
        write_real_folder(folder, num_frames=40, num_cameras=1, sequence=sequence)
    return folder


@pytest.mark.parametrize(
    ("arm", "changed"),
    [
        ("base", set[str]()),
        ("image", {"reading.place", "reading.has_reach", "reading.is_on_rays"}),
        ("metres", {"reading.has_reach", "reading.is_on_rays"}),
        ("no_reach", {"reading.has_reach"}),
        ("no_rays", {"reading.is_on_rays"}),
        ("no_confidence", {"reading.has_confidence"}),
        ("mean_bodies", {"views.body_spread", "views.share_children"}),
        ("true_speed", {"views.min_speed", "views.max_speed"}),
        ("frames_243", {"lifter.filter_widths"}),
        ("channels_512", {"lifter.channels"}),
        ("no_velocity", {"loss.velocity"}),
        ("bone_length", {"loss.bone_length"}),
        ("no_uncertainty", {"loss.likelihood"}),
        ("causal", {"lifter.causal"}),
    ],
)
def test_an_arm_changes_its_setting_and_nothing_else(arm: str, changed: set[str]) -> None:
    assert differing(arm) == changed


def test_the_kinds_of_noise_differ_in_noise_alone() -> None:
    noise = ("views.detector", "views.variety", "views.joint_offset", "views.share_dropped")
    for arm in ("no_noise", "gaussian", "fitted"):
        assert differing(arm) and all(
            name.startswith((*noise, "views.max_bursts")) for name in differing(arm)
        )
    seen = {"views.share_" + part for part in ("cropped", "close_up", "lower_body_hidden")}
    assert differing("all_seen") == seen | {"views.share_limb_hidden", "views.share_lost"}


def test_chunks_of_other_lengths_make_as_many_output_frames_a_step() -> None:
    for arm in ("base", "chunk_24", "chunk_192"):
        experiment = ARMS[arm].change(base_of())
        assert experiment.chunk_length * experiment.batch_size == 4 * 96


def test_what_an_older_config_lacks_is_the_recipe_as_it_was() -> None:
    plain = json.loads(json.dumps(asdict(base_of())))
    assert {name: plain[name] for name in SINCE_ADDED} == SINCE_ADDED


def network_of(experiment: Experiment) -> TemporalModel:
    torch.manual_seed(0)
    network = TemporalModel(experiment.lifter).eval()
    torch.nn.init.normal_(network.shrink.weight, std=0.02)
    return network


def plain_weights(network: TemporalModel) -> LifterWeights:
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    return fold_batch_norm(network.config, state)


def test_the_default_reading_lifts_as_the_pipelines_network_does() -> None:
    experiment = base_of()
    weights = plain_weights(network_of(experiment))
    clip = make_view(50, fps=60)
    expected = through_network(weights)(clip)
    found = through_reading(weights, RayReading(), is_consistent=False)(clip)
    assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("place", ["metres", "image"])
def test_consistent_poses_lie_on_their_rays_at_the_depths_that_were_told(place: str) -> None:
    weights = plain_weights(network_of(base_of()))
    reading = RayReading(place=place, has_reach=False, is_on_rays=False)  # pyright: ignore[reportArgumentType]
    clip = make_view(30)
    raw, consistent = (
        through_reading(weights, reading, is_consistent=is_consistent)(clip)
        for is_consistent in (False, True)
    )
    seen = clip.source.people[0]
    camera = clip.source.camera
    left_wrist = seen.skeleton.index("left_wrist")
    ray = (seen.positions[:, left_wrist] - camera.principal_point) / camera.focal_length
    wrist = clip.joints.index("left_wrist")
    on_ray = consistent[:, wrist]
    assert np.allclose(on_ray[:, :2] / on_ray[:, 2:], ray, atol=1e-4)
    assert not np.allclose(raw[:, wrist, :2] / raw[:, wrist, 2:], ray, atol=1e-2)


@pytest.mark.parametrize("arm", ["no_confidence", "no_reach", "no_uncertainty"])
def test_a_model_file_is_deaf_to_what_its_arm_hides(arm: str) -> None:
    experiment = ARMS[arm].change(base_of())
    weights = weights_of(network_of(experiment), experiment)
    clip = make_view(40)
    expected = through_reading(weights, experiment.reading, is_consistent=False)(clip)
    # The lifter shows it everything.
    assert np.allclose(through_network(weights)(clip), expected, atol=1e-5)
    untouched = plain_weights(network_of(experiment))
    is_changed = arm != "no_uncertainty"
    assert np.allclose(through_network(untouched)(clip), expected, atol=1e-4) != is_changed


def test_what_was_not_learned_of_uncertainty_is_ten_centimetres() -> None:
    experiment = ARMS["no_uncertainty"].change(base_of())
    weight, bias = weights_of(network_of(experiment), experiment).layers[-1]
    sigma = slice(4, -5, 5)
    assert not weight[sigma].any() and np.allclose(np.exp(bias[sigma]), 0.1)
    assert weight[3:-5:5].any()


def test_nothing_is_chosen_on_the_clips_that_judge(mocap: Path, real: Path) -> None:
    clips = load_validation(mocap, real, num_views=2)
    assert list(clips) == [MOCAP, "aistpp 04"]
    assert {clip.name for clip in clips[MOCAP]} == {"cy"}
    assert {clip.name for clip in clips["aistpp 04"]} == {"breakdance_ch04"}


def test_without_a_real_validation_clip_there_is_an_error(mocap: Path, tmp_path: Path) -> None:
    folder = write_real_folder(tmp_path, num_frames=10, num_cameras=1)
    with pytest.raises(InputFormatError, match="expected breakdance_ch04 or pose2sim_single"):
        load_validation(mocap, folder, num_views=2)


def test_only_what_a_model_file_can_hold_goes_through_the_pipeline(mocap: Path, real: Path) -> None:
    clips = load_validation(mocap, real, num_views=1)
    for arm, is_fitted in (("base", True), ("no_reach", True), ("no_rays", False), ("root", False)):
        experiment = ARMS[arm].change(base_of())
        scores = score(weights_of(network_of(experiment), experiment), experiment.reading, clips)
        for figures in scores.values():
            assert np.isfinite(figures.fitted_mm) == is_fitted
            assert figures.raw_mm > 0 and figures.ray_mm > 0 and figures.mpjpe_mm > 0


def test_cells_are_means_and_spreads_over_seeds() -> None:
    first, second = Scores(10.0, 20.0, float("nan"), 30.0), Scores(14.0, 21.0, float("nan"), 32.0)
    cells = score_cells([{MOCAP: first}, {MOCAP: second}])
    assert cells == {
        "mocap val, raw": "12.0 ± 2.8",
        "mocap val, on rays": "20.5 ± 0.7",
        "mocap val, fitted": "-",
        "mocap val, MPJPE": "31.0 ± 1.4",
    }
    assert score_cells([{"aistpp 04": first}])["aistpp 04, raw"] == "10.0"


def test_the_table_grows_arm_by_arm_and_a_finished_one_is_read_back(
    mocap: Path, real: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    command = ["--data", str(mocap), "--real", str(real), "--run", str(run), *TINY]
    command += ["--views", "1", "--seeds", "0"]
    ablation.main([*command, "--arms", "base"])
    scores = json.loads((run / "base-seed0" / "scores.json").read_text())
    metrics = run / "base-seed0" / "metrics.csv"
    before = metrics.stat().st_mtime_ns
    ablation.main([*command, "--arms", "base", "image"])
    assert metrics.stat().st_mtime_ns == before
    lines = (run / "ablation.md").read_text().splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| base", "| image"]
    assert f"| {scores['aistpp 04']['raw_mm']:.1f} |" in lines[0]
    with pytest.raises(LiftError, match="another configuration: training.learning_rate"):
        ablation.main([*command, "--arms", "base", "--learning-rate", "0.01"])


@pytest.mark.parametrize("arm", ["root", "size", "gaussian", "causal", "bone_length"])
def test_every_kind_of_arm_trains(mocap: Path, real: Path, tmp_path: Path, arm: str) -> None:
    command = ["--data", str(mocap), "--real", str(real), "--run", str(tmp_path), *TINY]
    ablation.main([*command, "--views", "1", "--seeds", "3", "--arms", arm])
    assert (tmp_path / f"{arm}-seed3" / "scores.json").exists()


def test_a_reading_that_cannot_be_is_refused() -> None:
    with pytest.raises(AssertionError, match="no ray is in metres"):
        replace(RayReading(), place="image")
