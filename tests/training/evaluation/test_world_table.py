"""World figures are pooled, printed and written as they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.evaluation.judged_views import make_view
from tests.training.evaluation.world_result import body, measure, truth_of
from training.evaluation.world_measure import WorldFigures
from training.evaluation.world_table import print_columns, tabulate, write_figures
from training.evaluation.world_view import JudgedView, WorldView


def judged(
    group: str, figures: WorldFigures, *, case: str = "told", clip: str = "walk"
) -> JudgedView:
    source = make_view(2, name=clip).source
    return JudgedView(
        WorldView(clip, group, case, source, height_m=None, truth=truth_of(body())), figures
    )


@pytest.fixture(scope="module")
def perfect() -> WorldFigures:
    return measure(body(), truth_of(body()), found=truth_of(body()).is_contact)


def test_columns_pool_by_frames_contacts_and_clips(perfect: WorldFigures) -> None:
    assert perfect.ground is not None
    ground = replace(
        perfect.ground,
        floating_mm=30.0,
        num_contacts=20,
        num_contacts_found=40,
        num_contacts_right=10,
    )
    other = replace(
        perfect,
        num_frames=360,
        w_mpjpe_mm=100.0,
        up_deg=4.0,
        jitter=3 * perfect.true_jitter,
        path_m=4.0,
        foot_slide_mm_per_s=float("nan"),
        num_still=0,
        ground=replace(ground, num_contacts=60),
    )
    first = replace(perfect, ground=ground, foot_slide_mm_per_s=12.0)
    columns = tabulate([judged("ann", first), judged("bob", other), judged("bob", other)])
    assert [(column.group, column.num_clips) for column in columns] == [
        ("ann", 1),
        ("bob", 2),
        ("all", 3),
    ]
    pooled = columns[-1].figures
    assert pooled["num_frames"] == 840
    assert pooled["w_mpjpe_mm"] == pytest.approx(100 * 720 / 840)
    assert pooled["jitter_ratio"] == pytest.approx((120 + 720 * 3) / 840)
    assert pooled["path_ratio"] == pytest.approx((2 + 4 + 4) / 6)
    assert pooled["up_median_deg"] == 4 and columns[0].figures["up_90_deg"] == pytest.approx(0)
    assert pooled["foot_slide_mm_per_s"] == pytest.approx(12)
    assert np.isnan(columns[1].figures["foot_slide_mm_per_s"])
    assert pooled["floating_mm"] == pytest.approx(30)
    assert pooled["contact_recall"] == pytest.approx(30 / 140)
    assert pooled["contact_precision"] == pytest.approx(30 / 120)


def test_one_group_needs_no_column_for_all(perfect: WorldFigures) -> None:
    columns = tabulate([judged("ann", perfect), judged("ann", perfect, case="untold")])
    assert [(column.case, column.group) for column in columns] == [
        ("told", "ann"),
        ("untold", "ann"),
    ]


def test_tables_show_what_is_known(
    perfect: WorldFigures, capsys: pytest.CaptureFixture[str]
) -> None:
    print_columns(tabulate([judged("ann", replace(perfect, ground=None, w_mpjpe_mm=12.34))]))
    printed = capsys.readouterr().out
    lines = [line for line in printed.splitlines() if line]
    assert lines[0].split() == ["told", "ann"]
    assert next(line for line in lines if line.startswith("W-MPJPE mm  ")).split()[-1] == "12.3"
    assert "penetration" not in printed and "nan" not in printed


@pytest.mark.parametrize("change", [lambda each: each, lambda each: replace(each, ground=None)])
def test_every_figure_is_written_unknown_ones_as_null(
    perfect: WorldFigures, tmp_path: Path, change: Callable[[WorldFigures], WorldFigures]
) -> None:
    views = [judged("ann", replace(change(perfect), rte=float("nan")))]
    write_figures(tmp_path / "world.json", views, tabulate(views), {"data": "mocap"})
    text = (tmp_path / "world.json").read_text()
    written = json.loads(text)
    assert written["data"] == "mocap" and "NaN" not in text
    (clip,), (column,) = written["clips"], written["pooled"]
    assert (clip["clip"], clip["group"], clip["case"], clip["rte"]) == ("walk", "ann", "told", None)
    assert (clip["ground"] is None) == (change(perfect).ground is None)
    assert column["rte_percent"] is None and column["num_clips"] == 1
