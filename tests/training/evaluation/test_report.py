"""The report is one page that needs nothing else and shows all that was measured."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (make setup-train)")

from core.errors import LiftError
from core.joint_sets import BODY_12
from core.lifting.weights import load_weights
from core.pipeline import DEFAULT_MODEL
from tests.training.evaluation.judged_views import lift_perfectly, lift_shifted, make_view
from training.evaluation.model import FITTED, NETWORK, ModelEvaluation, ModelOptions
from training.evaluation.pose_error import ClipErrors, evaluate_clip
from training.evaluation.report import check_writable, render_report, write_report
from training.evaluation.robustness import measure_hidden, measure_speeds, play_at

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """What a browser would see of a page: its tree must close; nothing may come from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sections: list[str] = []
        self.images: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe", "object", "base")
        given = dict(attrs)
        assert "href" not in given
        if tag == "img":
            self.images.append(str(given["src"]))
            assert given["alt"]
        if tag == "section":
            self.sections.append(str(given["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def real_views() -> list[ClipErrors]:
    """Three cameras, of which each sees worse than the one before; up is not known."""
    views: list[ClipErrors] = []
    for camera, error_m in enumerate((0.012, 0.024, 0.048)):
        clip = make_view(
            60, name="dance_01", camera_name=f"camera {camera}", joints=BODY_12, seed=camera
        )
        clip = replace(clip, gravity_camera=None, floor_mm=np.full(60, 17.5))
        views.append(evaluate_clip(clip, lift_shifted("left_ankle", (0.0, 0.0, error_m))))
    return views


@pytest.fixture(scope="module")
def evaluation() -> ModelEvaluation:
    mocap = [
        evaluate_clip(make_view(name=name), lift_shifted("right_wrist", (0.0, 0.034, 0.0)))
        for name in ("ann", "bob")
    ]
    lift = lift_shifted("left_wrist", (0.02, 0.03, 0.1))

    def views_at(speed: float) -> list[ClipErrors]:
        return [evaluate_clip(play_at(make_view(150, joints=BODY_12), speed), lift)]

    weights = load_weights(DEFAULT_MODEL)
    config = replace(weights.config, training={"num_steps": 6800, "data": "a <b>&</b> folder"})
    return ModelEvaluation(
        options=ModelOptions(Path("models/mine.npz"), Path("real"), Path("mocap")),
        weights=replace(weights, config=config),
        real=real_views(),
        mocap={NETWORK: mocap, FITTED: mocap},
        speeds={
            "real clips": measure_speeds(views_at),
            "mocap": measure_speeds(views_at),
        },
        hidden={"real clips": measure_hidden(views_at(1.0), lift)},
        notes=["rope.bvh: cannot map the skeleton"],
    )


@pytest.fixture(scope="module")
def html(evaluation: ModelEvaluation) -> str:
    return render_report(evaluation)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_page_has_every_section(page: Page) -> None:
    parts = ("joint", "elevation", "confidence", "clips")
    assert page.sections == [
        "summary",
        "real",
        *(f"real-{part}" for part in parts),
        "mocap",
        *(f"mocap-{part}" for part in parts),
        "speed",
        "hidden",
    ]


def test_the_page_needs_nothing_else(html: str, page: Page) -> None:
    # By joint, confidence and three clips of each; elevation of the mocap; speeds; parts.
    assert len(page.images) == 5 + 6 + 2
    for source in page.images:
        kind, _, data = source.partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data, validate=True).startswith(b"\x89PNG\r\n\x1a\n")
    assert not re.search(r"https?:|file:|url\(|@import", html)


def test_the_page_tells_the_model_and_how_it_was_trained(page: Page) -> None:
    for text in ("mine.npz", "3,347,054", "81 frames at 30 Hz", "training: num_steps", "6800"):
        assert text in page.text
    assert "a <b>&</b> folder" in page.text


def test_the_page_has_the_tables_figures(evaluation: ModelEvaluation, page: Page) -> None:
    for row in evaluation.real_rows():
        assert f"{row.name}{row.camera_name}{row.num_frames}{row.p_mpjpe_mm:.1f}" in page.text
    assert "aistpp (judged)" in page.text and "17.5" in page.text
    for row in evaluation.mocap_rows():
        head = f"{row.stage}{row.name}{row.num_joints}{row.num_frames}"
        assert f"{head}{row.mpjpe_mm:.1f}{row.own_scale_mm:.1f}" in page.text
    for row in evaluation.speeds["mocap"]:
        assert f"mocap{row.speed:g}x{row.num_frames}{row.p_mpjpe_mm:.1f}" in page.text
    for row in evaluation.hidden["real clips"]:
        assert f"{row.part}{row.seconds:g}{row.num_frames}{row.hidden_mm:.1f}" in page.text
    assert "rope.bvh: cannot map the skeleton" in page.text


def test_the_page_shows_the_best_the_median_and_the_worst_clip(page: Page) -> None:
    shown = re.findall(
        r"(best|median|worst): dance_01, camera (\d), P-MPJPE ([\d.]+) mm", page.text
    )
    assert [(which, camera) for which, camera, _ in shown] == [
        ("best", "0"),
        ("median", "1"),
        ("worst", "2"),
    ]
    errors = [float(error) for _, _, error in shown]
    assert errors == sorted(errors) and errors[0] < errors[2]


def test_what_was_not_measured_is_said(evaluation: ModelEvaluation) -> None:
    page = Page(render_report(replace(evaluation, mocap={}, speeds={}, hidden={}, notes=[])))
    assert page.text.count("Not measured (--robustness)") == 2
    assert "Which way is up is not known of these clips" in page.text
    assert "mocap" not in page.sections and "real" in page.sections


def test_a_perfect_lifter_s_page_has_no_error(evaluation: ModelEvaluation) -> None:
    views = [evaluate_clip(make_view(name=name), lift_perfectly) for name in ("ann", "bob")]
    perfect = replace(evaluation, real=[], mocap={FITTED: views}, speeds={}, hidden={})
    page = Page(render_report(perfect))
    # "own size" ends the heading; rows then hold four errors each.
    assert page.text.count("0.00.00.00.0") == 4
    assert page.text.count("P-MPJPE 0.0 mm") == 3
    assert "real" not in page.sections and "mocap" in page.sections


def test_the_page_is_written_whole_or_not_at_all(
    evaluation: ModelEvaluation, tmp_path: Path
) -> None:
    small = replace(evaluation, real=[], mocap={}, speeds={}, hidden={})
    path = tmp_path / "report.html"
    write_report(path, small)
    assert path.read_text(encoding="utf-8") == render_report(small)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(LiftError, match=r"cannot write .*nowhere.*: there is no folder"):
        write_report(tmp_path / "nowhere" / "report.html", small)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_place_where_no_report_can_be_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(LiftError, match=r"cannot write .*: there is no folder .*nowhere"):
        check_writable(tmp_path / "nowhere" / "report.html")
    with pytest.raises(LiftError, match=r"expected the name of a file, found a folder"):
        check_writable(tmp_path)
    check_writable(tmp_path / "report.html")
    assert not list(tmp_path.iterdir())
