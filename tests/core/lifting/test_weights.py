"""Model files: they come back as they were, and a bad one is one clear error."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from core.errors import InputFormatError
from core.lifting.config import LifterConfig
from core.lifting.weights import LifterWeights, fold_batch_norm, load_weights, save_weights
from core.pipeline import DEFAULT_MODEL


@pytest.fixture
def weights():
    config = LifterConfig(
        num_joints_in=4,
        in_features=2,
        num_joints_out=3,
        filter_widths=(3, 3),
        channels=8,
        training={"steps": 5},
    )
    rng = np.random.default_rng(3)
    layers = tuple(
        (
            rng.normal(size=shape).astype(np.float16).astype(np.float32),
            rng.normal(size=shape[0]).astype(np.float16).astype(np.float32),
        )
        for shape in [(8, 8, 3), (8, 8, 3), (8, 8, 1), (9, 8, 1)]
    )
    return LifterWeights(config, layers)


def test_a_model_file_comes_back_as_it_was(tmp_path, weights):
    save_weights(tmp_path / "m.npz", weights)
    loaded = load_weights(tmp_path / "m.npz")
    assert loaded.config == weights.config
    for (weight, bias), (weight_back, bias_back) in zip(weights.layers, loaded.layers, strict=True):
        assert np.array_equal(weight, weight_back) and np.array_equal(bias, bias_back)


def test_files_hold_half_precision_and_no_pickle(tmp_path, weights):
    save_weights(tmp_path / "m.npz", weights)
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        assert archive["layers/0/weight"].dtype == np.float16


def test_not_a_model_is_refused(tmp_path):
    (tmp_path / "m.npz").write_bytes(b"not a zip")
    with pytest.raises(InputFormatError, match="expected a model file"):
        load_weights(tmp_path / "m.npz")
    with pytest.raises(InputFormatError, match=r"missing\.npz"):
        load_weights(tmp_path / "missing.npz")
    np.savez(tmp_path / "other.npz", positions=np.zeros(3))
    with pytest.raises(InputFormatError, match="model file of this program"):
        load_weights(tmp_path / "other.npz")


def test_a_pickle_in_a_model_file_is_never_run(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was run",))

    assert pickle.dumps(Hostile())
    np.savez(tmp_path / "m.npz", config=np.array([Hostile()], dtype=object))
    with pytest.raises(InputFormatError, match="expected a model file"):
        load_weights(tmp_path / "m.npz")


def test_arrays_of_another_architecture_are_refused(tmp_path, weights):
    layers = ((weights.layers[0][0][:, :4], weights.layers[0][1]), *weights.layers[1:])
    save_weights(tmp_path / "m.npz", LifterWeights(weights.config, layers))
    with pytest.raises(InputFormatError, match=r"layer 0: expected weight \(8, 8, 3\)"):
        load_weights(tmp_path / "m.npz")


def test_a_state_without_an_array_is_refused(weights):
    with pytest.raises(InputFormatError, match=r"no array 'expand_conv\.weight'"):
        fold_batch_norm(weights.config, {})


def test_even_filter_widths_are_refused():
    with pytest.raises(InputFormatError, match=r"odd widths, found \[3, 2\]"):
        LifterConfig(num_joints_in=1, in_features=2, num_joints_out=1, filter_widths=(3, 2))


def test_the_default_model_fits_its_size_limit():
    assert DEFAULT_MODEL.stat().st_size <= 7_000_000
    config = load_weights(DEFAULT_MODEL).config
    assert config.joint_set_in == "COCO-17+feet" and config.joint_set_out == "lifted-21"
