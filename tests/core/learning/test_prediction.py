"""Whole clips: every frame gets an output, from the frames it may see, the same in a mirror."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

import numpy as np  # noqa: E402

from core.joint_sets import COCO_17, H36M_17  # noqa: E402
from core.learning.network import TemporalModel  # noqa: E402
from core.learning.prediction import mirror_x, predict_clip  # noqa: E402
from core.lifting.config import LifterConfig  # noqa: E402
from tests.shared_data import shared_data  # noqa: E402

CONFIG = LifterConfig(17, 2, 17, (3, 3), channels=12)
MIRROR_IN, MIRROR_OUT = torch.from_numpy(COCO_17.mirror), torch.from_numpy(H36M_17.mirror)


def make_model(**changes):
    torch.manual_seed(0)
    model = TemporalModel(replace(CONFIG, **changes)).double()
    model(torch.randn(9, 20, 17, 2 + (changes.get("in_features") == 3), dtype=torch.float64))
    return model.eval()


def predict(model, clip, *, use_flip=False):
    with torch.no_grad():
        return predict_clip(
            model,
            clip,
            mirror_in=MIRROR_IN if use_flip else None,
            mirror_out=MIRROR_OUT if use_flip else None,
        )


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("num_frames", [1, 2, 40])
def test_every_frame_has_an_output(num_frames, is_causal):
    clip = torch.randn(num_frames, 17, 2, dtype=torch.float64)
    assert predict(make_model(causal=is_causal), clip).shape == (num_frames, 17, 3)


@pytest.mark.parametrize(("is_causal", "before"), [(False, 4), (True, 8)])
def test_a_frame_sees_its_receptive_field_and_edges_repeat(is_causal, before):
    model, clip = make_model(causal=is_causal), torch.randn(20, 17, 2, dtype=torch.float64)
    frames = (torch.arange(20)[:, None] - before + torch.arange(9)).clamp(0, 19)
    with torch.no_grad():
        windows = model(clip[frames])[:, 0]
    torch.testing.assert_close(predict(model, clip), windows, rtol=0, atol=1e-12)


@pytest.mark.parametrize("in_features", [2, 3])
def test_a_mirrored_clip_gives_the_mirrored_poses(in_features):
    model = make_model(in_features=in_features)
    clip = torch.randn(15, 17, in_features, dtype=torch.float64)
    poses = predict(model, clip, use_flip=True)
    mirrored = predict(model, mirror_x(clip, MIRROR_IN), use_flip=True)
    torch.testing.assert_close(mirrored, mirror_x(poses, MIRROR_OUT), rtol=0, atol=1e-12)
    plain = predict(model, mirror_x(clip, MIRROR_IN)), mirror_x(predict(model, clip), MIRROR_OUT)
    assert not torch.allclose(*plain), "without averaging it is no claim at all"


def test_a_mirror_turns_x_and_changes_sides_and_nothing_else():
    points = torch.randn(4, 17, 3)
    mirrored = mirror_x(points, MIRROR_IN)
    left = COCO_17.index("left_wrist")
    right = COCO_17.index("right_wrist")
    assert torch.equal(mirrored[:, left], points[:, right] * torch.tensor([-1, 1, 1]))
    assert torch.equal(mirror_x(mirrored, MIRROR_IN), points)


@pytest.mark.parametrize("name", ["3x3x3", "3x3x3_causal", "3x3x3_dense", "5x3", "1x1x1"])
def test_padded_and_flip_averaged_prediction_equals_the_reference(name):
    archive = np.load(shared_data(f"parity/temporal_{name}.npz"))
    config = LifterConfig(
        17,
        2,
        17,
        tuple(archive["filter_widths"].tolist()),
        channels=int(archive["channels"]),
        causal=bool(archive["causal"]),
        dense=bool(archive["dense"]),
    )
    model = TemporalModel(config).eval()
    model.load_state_dict(
        {
            key.removeprefix("state/"): torch.from_numpy(np.asarray(archive[key]))
            for key in archive.files
            if key.startswith("state/")
        }
    )
    sequence = torch.from_numpy(archive["sequence"])
    for use_flip, key in ((False, "output_padded"), (True, "output_padded_flip_averaged")):
        error = np.abs(predict(model, sequence, use_flip=use_flip).numpy() - archive[key]).max()
        assert error <= 1e-5 * np.abs(archive[key]).max()
