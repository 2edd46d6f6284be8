"""Checkpoints of any origin are read as data, and never run."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.errors import InputFormatError  # noqa: E402
from core.learning.checkpoint_file import (  # noqa: E402
    load_into,
    network_state,
    read_checkpoint,
)
from core.learning.network import StridedTemporalModel, TemporalModel  # noqa: E402
from core.lifting.config import LifterConfig  # noqa: E402

CONFIG = LifterConfig(
    num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=(3, 3, 3), channels=8
)


def state_of(config=CONFIG):
    torch.manual_seed(0)
    return TemporalModel(config).state_dict()


def public_checkpoint(state, **changes):
    return {
        "epoch": 80,
        "lr": 1e-5,
        "random_state": np.random.RandomState(1234),
        "optimizer": {"state": {0: {"step": 5, "exp_avg": torch.zeros(2)}}, "param_groups": []},
        "model_pos": state,
        **changes,
    }


def save(path, content, *, is_legacy=False):
    torch.save(content, path, _use_new_zipfile_serialization=not is_legacy)
    return path


def assert_same_state(actual, expected):
    assert list(actual) == list(expected)
    assert all(torch.equal(actual[name], expected[name]) for name in expected)


@pytest.mark.parametrize("is_legacy", [False, True], ids=["zip", "legacy"])
def test_a_public_checkpoint_is_read_without_making_its_random_state(tmp_path, is_legacy):
    state = state_of()
    path = save(tmp_path / "c.bin", public_checkpoint(state), is_legacy=is_legacy)
    assert zipfile.is_zipfile(path) != is_legacy
    checkpoint = read_checkpoint(path)
    assert checkpoint["epoch"] == 80 and checkpoint["optimizer"]["state"][0]["step"] == 5
    assert type(checkpoint["random_state"]).__module__ == "core.learning.checkpoint_file"
    assert vars(checkpoint["random_state"]) == {}
    assert_same_state(network_state(checkpoint, "model_pos", where="c"), state)


def as_numpy_2(content):
    """Rename what NumPy 1.26 pickles; the older format holds names as bare lines."""
    return content.replace(b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n")


def as_numpy_1_16(content):
    return content.replace(
        b"cnumpy.random._pickle\n__randomstate_ctor\n", b"cnumpy.random\n__RandomState_ctor\n"
    )


@pytest.mark.parametrize("rename", [as_numpy_2, as_numpy_1_16])
def test_random_states_of_older_and_newer_numpy_are_read(tmp_path, rename):
    path = save(tmp_path / "c.bin", public_checkpoint(state_of()), is_legacy=True)
    content = path.read_bytes()
    renamed = rename(content)
    assert renamed != content
    path.write_bytes(renamed)
    assert vars(read_checkpoint(path)["random_state"]) == {}


class Hostile:
    """Pickles as a call of any function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("is_legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("function", "name"),
    [(Path.mkdir, r"pathlib\.Path\.mkdir|builtins\.getattr|getattr"), (os.mkdir, r"mkdir")],
    ids=["foreign", "system"],
)
def test_code_in_a_checkpoint_is_refused_by_name_and_not_run(tmp_path, is_legacy, function, name):
    mark = tmp_path / "was_run"
    argument = str(mark) if function is os.mkdir else mark
    hostile = public_checkpoint(state_of(), random_state=Hostile(function, argument))
    path = save(tmp_path / "c.bin", hostile, is_legacy=is_legacy)
    with pytest.raises(
        InputFormatError, match=rf"c\.bin: the checkpoint asks for \S*({name}).*refused"
    ):
        read_checkpoint(path)
    assert not mark.exists()
    torch.load(path, weights_only=False)
    assert mark.exists(), "the pickle would not have run anyway"


def test_a_number_of_numpys_is_refused_by_name(tmp_path):
    path = save(tmp_path / "c.bin", public_checkpoint(state_of(), lr=np.float64(1e-3)))
    with pytest.raises(
        InputFormatError, match=r"asks for numpy\.core\.multiarray\.scalar: refused"
    ):
        read_checkpoint(path)


def test_what_is_allowed_here_is_allowed_nowhere_else(tmp_path):
    path = save(tmp_path / "c.bin", public_checkpoint(state_of()))
    before = torch.serialization.get_safe_globals()
    read_checkpoint(path)
    assert set(torch.serialization.get_safe_globals()) == set(before)
    with pytest.raises(
        pickle.UnpicklingError, match="__randomstate_ctor was not an allowed global"
    ):
        torch.load(path, weights_only=True)


@pytest.mark.parametrize("is_legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.999])
def test_a_truncated_checkpoint_is_refused(tmp_path, is_legacy, share):
    path = save(tmp_path / "c.bin", public_checkpoint(state_of()), is_legacy=is_legacy)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(
        InputFormatError, match=r"c\.bin: expected a torch checkpoint, found a truncated, .* \(\w+"
    ):
        read_checkpoint(path)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "c.bin").write_text("not a checkpoint")
    with pytest.raises(
        InputFormatError,
        match=r"c\.bin: expected a torch checkpoint, found a truncated, broken or other",
    ):
        read_checkpoint(tmp_path / "c.bin")
    with (tmp_path / "c.bin").open("wb") as file:
        np.savez(file, positions=np.zeros(3))
    with pytest.raises(
        InputFormatError,
        match=r"c\.bin: expected a torch checkpoint, found a truncated, broken or other",
    ):
        read_checkpoint(tmp_path / "c.bin")
    with pytest.raises(
        InputFormatError, match=r"missing: expected a torch checkpoint: No such file"
    ):
        read_checkpoint(tmp_path / "missing")
    with pytest.raises(InputFormatError, match="expected a torch checkpoint: Is a directory"):
        read_checkpoint(tmp_path)
    with pytest.raises(InputFormatError, match="expected a checkpoint's dict, found a Tensor"):
        read_checkpoint(save(tmp_path / "t.pt", torch.zeros(3)))


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
def test_prefixes_of_wrapped_modules_are_stripped(prefix):
    state = state_of()
    wrapped = OrderedDict((prefix + name, tensor) for name, tensor in state.items())
    for checkpoint in ({"model_pos": wrapped}, wrapped):
        assert_same_state(network_state(checkpoint, "model_pos", where="c"), state)


def test_an_absent_network_is_named():
    with pytest.raises(
        InputFormatError,
        match=r"^c: has no trajectory network \(model_traj\), only epoch, lr, random_state, opt",
    ):
        network_state(public_checkpoint({}), "model_traj", where="c")
    with pytest.raises(InputFormatError, match=r"has no pose network \(model_pos\), only nothing"):
        network_state({}, "model_pos", where="c")
    with pytest.raises(InputFormatError, match=r"no trajectory network"):
        network_state(state_of(), "model_traj", where="c")


def test_what_is_no_array_is_named():
    with pytest.raises(InputFormatError, match="model_pos: expected arrays by name, found a list"):
        network_state({"model_pos": [1]}, "model_pos", where="c")
    unusable = [
        1.0,
        torch.zeros(2, device="meta"),
        torch.zeros(1).expand(5),
        torch.eye(2).to_sparse(),
    ]
    for value in unusable:
        with pytest.raises(InputFormatError, match=r"expected 'expand_bn\.bias' to be an array"):
            network_state({"model_pos": {"expand_bn.bias": value}}, "model_pos", where="c")


@pytest.mark.parametrize("kind", [TemporalModel, StridedTemporalModel])
def test_either_form_takes_a_state_without_batch_counts(kind):
    state = {name: value for name, value in state_of().items() if "num_batches" not in name}
    network = kind(CONFIG)
    load_into(network, state, where="c")
    for name, value in network.state_dict().items():
        assert name not in state or torch.equal(value, state[name])


def test_a_checkpoint_of_another_architecture_does_not_load():
    network = TemporalModel(replace(CONFIG, channels=16, filter_widths=(3, 3)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(
        InputFormatError,
        match=r"^f\.bin: a checkpoint of another architecture: expected channels 16, widths 3,3, "
        r"34 inputs, 51 outputs, found channels 8, widths 3,3,3, 34 inputs, 51 outputs; "
        r"expand_conv\.weight: expected \(16, 34, 3\), found \(8, 34, 3\); .*; and \d+ more$",
    ):
        load_into(network, state_of(), where="f.bin")
    assert_same_state(network.state_dict(), before)


def test_surplus_and_missing_arrays_are_named():
    network = TemporalModel(replace(CONFIG, filter_widths=(3, 3)))
    with pytest.raises(InputFormatError, match=r"layers_conv\.2\.weight: expected none, found \(8"):
        load_into(network, state_of(), where="c")
    state = {name: value for name, value in state_of().items() if name != "shrink.bias"}
    with pytest.raises(InputFormatError, match=r"shrink\.bias: expected \(51,\), found none$"):
        load_into(TemporalModel(CONFIG), state, where="c")
    with pytest.raises(InputFormatError, match="found 1 arrays without expand_conv and shrink"):
        load_into(TemporalModel(CONFIG), {"fc.weight": torch.zeros(2, 2)}, where="c")


def test_numbers_that_are_not_finite_do_not_load():
    state = {**state_of(), "shrink.bias": torch.full((51,), torch.nan)}
    with pytest.raises(InputFormatError, match=r"c: shrink\.bias holds numbers that are not fin"):
        load_into(TemporalModel(CONFIG), state, where="c")
