"""Networks are told apart by the shapes of their states, or by what our own checkpoints say."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import InputFormatError  # noqa: E402
from core.learning.architecture import config_of, infer_config  # noqa: E402
from core.learning.checkpoint_file import (  # noqa: E402
    RUN_FORMAT,
    load_into,
    network_state,
    read_checkpoint,
)
from core.learning.network import TemporalModel  # noqa: E402
from core.lifting.config import LifterConfig  # noqa: E402
from tests.shared_data import SHARED_DATA, needs_shared_data  # noqa: E402

PARITY = sorted((SHARED_DATA / "parity").glob("temporal_*.npz"))
CONFIG = LifterConfig(
    num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=(3, 3, 3), channels=8
)


def state_of(config=CONFIG):
    torch.manual_seed(0)
    return TemporalModel(config).state_dict()


@needs_shared_data
@pytest.mark.parametrize("path", PARITY, ids=lambda path: path.stem)
def test_shapes_tell_the_architecture(path):
    archive = np.load(path)
    state = {name[6:]: torch.from_numpy(archive[name]) for name in archive if name[:6] == "state/"}
    config = infer_config(state, is_causal=bool(archive["causal"]))
    assert config == LifterConfig(
        num_joints_in=17,
        in_features=2,
        num_joints_out=17,
        filter_widths=tuple(archive["filter_widths"].tolist()),
        channels=int(archive["channels"]),
        causal=bool(archive["causal"]),
        dense=bool(archive["dense"]),
    )
    assert config.receptive_field == archive["receptive_field"]


@pytest.mark.parametrize(
    ("widths", "dense"),
    [
        ((1,), False),
        ((3,), False),
        ((1, 1, 1), False),
        ((3, 3), True),
        ((3, 3, 3, 3), True),
        ((5, 5), True),
        ((3, 3, 3, 3, 3), False),
        ((5, 3, 7), False),
        ((1, 3, 3), False),
    ],
)
def test_dilated_and_dense_networks_are_told_apart(widths, dense):
    config = replace(CONFIG, filter_widths=widths, dense=dense, channels=2)
    assert infer_config(state_of(config)) == config


def test_shapes_that_fit_both_are_taken_for_dilated():
    dense = replace(CONFIG, filter_widths=(5, 3), dense=True, channels=2)
    found = infer_config(state_of(dense))
    assert found.filter_widths == (5, 11) and not found.dense


def test_joints_are_counted_from_the_shapes():
    config = replace(CONFIG, num_joints_in=15, in_features=3, num_joints_out=1)
    assert infer_config(state_of(config), in_features=3) == config


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("expand_conv.weight", None, r"expand_conv\.weight: expected .*, found none"),
        ("expand_conv.weight", (8, 34), r"expand_conv\.weight: .* width\), found \(8, 34\)"),
        ("expand_conv.weight", (8, 35, 3), r"expected 2 inputs per joint, found \(8, 35, 3\)"),
        ("expand_conv.weight", (8, 34, 2), r"expand_conv\.weight: expected an odd width"),
        ("layers_conv.2.weight", (8, 8, 4), r"layers_conv\.2\.weight: expected an odd width"),
        ("layers_conv.1.weight", (8, 8, 3), r"layers_conv\.1\.weight: expected width 1"),
        ("layers_conv.3.weight", None, r"layers_conv\.3\.weight: expected .*, found none"),
        ("layers_conv.0.weight", None, r"layers_conv\.0\.weight: expected .*, found none"),
        ("shrink.weight", (50, 8, 1), r"shrink\.weight: expected 3 outputs per joint, found \(50"),
    ],
)
def test_another_architecture_is_named_by_its_array(name, shape, message):
    state = dict(state_of())
    state.pop(name)
    if shape is not None:
        state[name] = torch.zeros(shape)
    with pytest.raises(InputFormatError, match=rf"^f\.bin: .*another architecture: .*{message}"):
        infer_config(state, where="f.bin")


def own_checkpoint(config):
    return {
        "format": RUN_FORMAT,
        "lifter": json.dumps(asdict(config)),
        "epoch": 3,
        "model_pos": state_of(config),
        "model_traj": state_of(replace(config, num_joints_out=1)),
        "history": [{"loss": 0.1}],
    }


def test_our_own_checkpoint_says_what_it_is(tmp_path):
    config = replace(CONFIG, causal=True, fps=30, dropout=0.1, training={"data": "mocap"})
    torch.save(own_checkpoint(config), tmp_path / "c.pt")
    checkpoint = read_checkpoint(tmp_path / "c.pt")
    assert config_of(checkpoint, where="c") == config
    assert config_of(checkpoint, where="c", fps=30, is_causal=True) == config
    trajectory = config_of(checkpoint, "model_traj", where="c")
    state = network_state(checkpoint, "model_traj", where="c")
    load_into(TemporalModel(trajectory), state, where="c")


def test_our_own_checkpoint_is_not_contradicted():
    checkpoint = own_checkpoint(CONFIG)
    with pytest.raises(InputFormatError, match="c: the checkpoint says fps 50, not 30"):
        config_of(checkpoint, where="c", fps=30)
    with pytest.raises(InputFormatError, match=r"expected format 'lift.* 1', found 'other 2'"):
        config_of({**checkpoint, "format": "other 2"}, where="c")
    for lifter in ("{", "[]", json.dumps({"channels": 8}), 5):
        with pytest.raises(InputFormatError, match="c: lifter: expected a network's config"):
            config_of({**checkpoint, "lifter": lifter}, where="c")


def test_a_public_checkpoint_is_read_as_told():
    checkpoint = {"epoch": 80, "model_pos": state_of()}
    assert config_of(checkpoint, where="c") == CONFIG
    told = config_of(checkpoint, where="c", is_causal=True, joint_set_in="Human3.6M-17", fps=25)
    assert told == replace(CONFIG, causal=True, joint_set_in="Human3.6M-17", fps=25)
