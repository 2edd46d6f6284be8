"""A model file is measured on real clips and on mocap, in print and as a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.lifting.config import LifterConfig
from core.lifting.weights import LifterWeights, save_weights
from core.pipeline import LiftSettings
from tests.training.datasets.bvh_writer import write_bvh_folder, write_index
from tests.training.evaluation.judged_views import lift_shifted
from tests.training.evaluation.real_writer import FLOOR_MM, write_real_folder
from tests.training.tiny_training import Outcome, call
from training import evaluate
from training.evaluation import model
from training.evaluation.judged_clip import JudgedClip

FEW_VIEWS = ("--views", "4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real clips (``real``) and mocap (``mocap``) with somebody to test and somebody to validate on."""
    folder = tmp_path_factory.mktemp("model")
    write_real_folder(folder / "real")
    write_bvh_folder(folder / "mocap", ["ann/walk", "bob/walk"], num_frames=200)
    write_index(folder / "mocap", {"ann/walk": "test", "bob/walk": "val"})
    return folder


@pytest.fixture
def known_lifter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model lifts the truth, but for a wrist that is 17 cm too far away."""
    lift = lift_shifted("left_wrist", (0.0, 0.0, 0.17))

    def through_pipeline(
        _weights: LifterWeights, _settings: LiftSettings
    ) -> Callable[..., np.ndarray]:
        return lift

    monkeypatch.setattr(model, "through_pipeline", through_pipeline)
    monkeypatch.setattr(model, "through_network", lambda _weights: lift)


def measure(*options: object) -> str:
    done = call(evaluate.main, *options)
    assert (done.code, done.err) == (0, "")
    return done.out


def refuse(*options: object) -> str:
    done: Outcome = call(evaluate.main, *options)
    assert done.code == 1 and done.err.startswith("error: ") and done.err.count("\n") == 1
    assert "MPJPE" not in done.out
    return done.err


def cells(out: str, first: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines() if line.startswith(first)]


def test_real_clips_are_told_by_view_and_pooled(folder: Path) -> None:
    lines = cells(measure("--data", folder / "real"), "breakdance_ch01")
    assert [line[1:-4] for line in lines] == [
        ["camera", "0", "120"],
        ["camera", "1", "120"],
        ["all", "240"],
    ]
    errors = np.array([line[-4:-1] for line in lines], dtype=float)
    assert (errors > 1).all() and (errors < 500).all()
    assert errors[2] == pytest.approx(errors[:2].mean(axis=0), abs=0.06)
    assert {line[-1] for line in lines} == {str(FLOOR_MM)}
    (judged,) = cells(measure("--data", folder / "real", "--only", "ch01"), "aistpp (judged)")
    assert judged[-4:] == lines[2][-4:]


def test_mocap_is_measured_by_the_network_and_through_the_pipeline(folder: Path) -> None:
    out = measure("--data", folder / "mocap", *FEW_VIEWS)
    assert "mocap test split, 4 views" in out
    for stage in ("network ", "fitted "):
        lines = cells(out, stage)
        assert [line[1:3] for line in lines] == [["ann", "17"], ["all", "17"], ["all", "21"]]
        assert lines[0][3:] == lines[1][3:] != lines[2][3:]
        assert all(1 < float(error) < 500 for line in lines for error in line[4:])
    assert cells(out, "network")[0] != cells(out, "fitted")[0]
    assert measure("--data", folder / "mocap", *FEW_VIEWS) == out
    assert "val split" in measure("--data", folder / "mocap", *FEW_VIEWS, "--split", "val")


@pytest.mark.usefixtures("known_lifter")
def test_a_known_error_is_told_in_every_table_and_on_the_page(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    data = ["--data", folder / "real", "--mocap", folder / "mocap", *FEW_VIEWS]
    out = measure(*data, "--robustness", "--report", path)
    assert f"report: {path}" in out
    (fitted, *_) = cells(out, "fitted")
    # A wrist of 17 joints, at the network's own size.
    assert float(fitted[5]) == pytest.approx(170 / 17, abs=0.06)
    speeds = [
        line for line in out.splitlines() if line.lstrip().startswith(("0.", "1x", "2x", "4x"))
    ]
    assert len(speeds) == 10 and all(abs(float(line.split()[-1]) - 1) < 0.1 for line in speeds)
    arms = cells(out, "left arm")
    # Two seconds at most have room for gaps of one; six seconds for all three.
    assert [line[2] for line in arms] == ["0.5", "1", "0.5", "1", "2"]
    for line in arms:
        # Elbow and wrist, of which one is off.
        assert float(line[4]) == pytest.approx(85, rel=0.15)
        assert line[4] == line[6] and line[7] == line[8] and line[9] == line[10] == "0.0"
    page = path.read_text(encoding="utf-8")
    for section in ("real-joint", "mocap-clips", "speed", "hidden"):
        assert f'<section id="{section}">' in page
    assert "Not measured" not in page and f"<td>{fitted[5]}</td>" in page


@pytest.mark.usefixtures("known_lifter")
def test_the_report_goes_into_build_unless_told_otherwise(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = measure("--data", folder / "real", "--report")
    assert "report: build/report.html" in out
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.html")] == [
        "build/report.html"
    ]


def test_what_cannot_be_measured_is_refused_before_the_work(folder: Path, tmp_path: Path) -> None:
    real, mocap = folder / "real", folder / "mocap"
    assert "--data: expected a folder of real clips, or of BVH files" in refuse()
    assert "expected aistpp or pose2sim_single in it" in refuse("--data", tmp_path)
    assert "found two: --data and --mocap" in refuse("--data", mocap, "--mocap", mocap)
    assert "--only nobody: expected a part of a clip's name" in refuse(
        "--data", real, "--only", "nobody"
    )
    nowhere = tmp_path / "nowhere" / "report.html"
    assert "there is no folder" in refuse("--data", real, "--report", nowhere)
    assert call(evaluate.main, "--data", mocap, "--split", "train").code == 2
    assert not list(tmp_path.iterdir())


CHECKPOINTS = ("--run", "--checkpoint")
OF_CHECKPOINTS = "of checkpoints, not of model files or of --world"
OF_MODELS = "of model files, not of --run and --checkpoint"


@pytest.mark.parametrize(
    ("option", "whose"),
    [
        *(
            (option, OF_CHECKPOINTS)
            for option in (
                *("--protocol paper_27", "--causal", "--by-subject", "--device cpu", "--fps 25"),
                *("--detector gt", "--truth a.npz", "--test-subjects S9", "--actions Walking"),
            )
        ),
        ("--clips-per-performer 3", "of --world"),
        ("--output a.csv", "of checkpoints and of --world: of a model file --report has all"),
        ("--split val", "of mocap, not of real clips"),
        ("--views 8", "of mocap, not of real clips"),
    ],
)
def test_a_model_file_has_no_use_for_what_is_not_its_own(
    folder: Path, option: str, whose: str
) -> None:
    error = refuse("--data", folder / "real", *option.split())
    assert f"{option.split(maxsplit=1)[0]} is an option {whose}" in error


@pytest.mark.parametrize("mode", CHECKPOINTS)
@pytest.mark.parametrize(
    "option",
    [
        *("--split val", "--only ann", "--smooth 0.9", "--views 8", "--clips-per-performer 3"),
        *("--model mine.npz", "--mocap folder", "--robustness", "--report page.html"),
    ],
)
def test_a_checkpoint_has_no_use_for_what_is_of_model_files(
    tmp_path: Path, mode: str, option: str
) -> None:
    error = refuse(mode, tmp_path / "run", "--data", tmp_path, *option.split())
    assert f"{option.split(maxsplit=1)[0]} is an option {OF_MODELS}" in error


def test_a_run_has_its_own_protocol(tmp_path: Path) -> None:
    error = refuse("--run", tmp_path, "--protocol", "paper_27")
    assert "--protocol is an option of --checkpoint: a run has its own protocol" in error


@pytest.mark.parametrize(
    ("option", "whose"),
    [
        *(
            (option, OF_CHECKPOINTS)
            for option in (
                *("--run mine", "--checkpoint last.pt", "--protocol paper_27", "--causal"),
                *("--by-subject", "--device cpu"),
            )
        ),
        *(
            (option, "of a model file without --world")
            for option in ("--views 8", "--robustness", "--report page.html", "--mocap folder")
        ),
    ],
)
def test_the_world_has_no_use_for_what_is_not_its_own(
    folder: Path, option: str, whose: str
) -> None:
    error = refuse("--world", "--data", folder / "mocap", *option.split())
    assert f"{option.split(maxsplit=1)[0]} is an option {whose}" in error
    error = refuse("--world", "--data", folder / "real", "--clips-per-performer", "3")
    assert "--clips-per-performer is an option of mocap, not of real clips" in error


def test_what_is_lifted_once_is_not_lifted_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifted: list[str] = []
    perfect = lift_shifted("left_wrist", (0.0, 0.0, 0.0))

    def lift(clip: JudgedClip) -> np.ndarray:
        lifted.append(clip.camera_name)
        return perfect(clip)

    monkeypatch.setattr(model, "through_pipeline", lambda _weights, _settings: lift)
    measure("--data", folder / "real", "--robustness")
    # Two views: as they are, at four other speeds, with parts hidden for two lengths of time.
    assert len(lifted) == 2 * (1 + 4 + 2 * 3)


def test_mocap_is_not_for_networks_of_images(folder: Path, tmp_path: Path) -> None:
    config = LifterConfig(17, 2, 17, (3,), channels=4)
    shapes = [(4, 34, 3), (51, 4, 1)]
    layers = tuple((np.zeros(shape), np.zeros(shape[0])) for shape in shapes)
    save_weights(tmp_path / "image.npz", LifterWeights(config, layers))
    error = refuse("--model", tmp_path / "image.npz", "--data", folder / "mocap")
    assert "expected a network of rays, found one of images" in error
