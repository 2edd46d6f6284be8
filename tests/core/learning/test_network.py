"""The torch network equals the reference implementation, and the NumPy forward equals both."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.joint_sets import COCO_17, H36M_17  # noqa: E402
from core.learning.network import StridedTemporalModel, TemporalModel  # noqa: E402
from core.lifting.config import LifterConfig  # noqa: E402
from core.lifting.inference import TemporalNetwork  # noqa: E402
from core.lifting.lift import lift_screen  # noqa: E402
from core.lifting.weights import fold_batch_norm  # noqa: E402
from tests.shared_data import SHARED_DATA, needs_shared_data  # noqa: E402

PARITY = sorted((SHARED_DATA / "parity").glob("temporal_*.npz"))


def load(path):
    archive = np.load(path)
    config = LifterConfig(
        num_joints_in=17,
        in_features=2,
        num_joints_out=17,
        filter_widths=tuple(archive["filter_widths"].tolist()),
        channels=int(archive["channels"]),
        causal=bool(archive["causal"]),
        dense=bool(archive["dense"]),
    )
    state = {name[6:]: archive[name] for name in archive.files if name.startswith("state/")}
    return archive, config, state


def torch_model(kind, config, state):
    model = kind(config)
    model.load_state_dict({name: torch.from_numpy(np.asarray(a)) for name, a in state.items()})
    return model.eval()


def assert_close(actual, expected, tolerance=1e-5):
    assert np.abs(actual - expected).max() <= tolerance * np.abs(expected).max()


@needs_shared_data
@pytest.mark.parametrize("path", PARITY, ids=lambda path: path.stem)
def test_torch_network_equals_the_reference(path):
    archive, config, state = load(path)
    with torch.no_grad():
        output = torch_model(TemporalModel, config, state)(torch.from_numpy(archive["input"]))
    assert_close(output.numpy(), archive["output_valid"])
    assert config.receptive_field == archive["receptive_field"]


@needs_shared_data
@pytest.mark.parametrize("path", [p for p in PARITY if "dense" not in p.stem], ids=lambda p: p.stem)
def test_strided_twin_equals_the_reference_on_one_window(path):
    archive, config, state = load(path)
    with torch.no_grad():
        output = torch_model(StridedTemporalModel, config, state)(
            torch.from_numpy(archive["window"])
        )
    assert_close(output.numpy(), archive["output_window"])


@needs_shared_data
@pytest.mark.parametrize("path", PARITY, ids=lambda path: path.stem)
def test_numpy_forward_equals_the_reference_padded_and_flip_averaged(path):
    archive, config, state = load(path)
    network = TemporalNetwork(fold_batch_norm(config, state))
    sequence = archive["sequence"]
    assert_close(lift_screen(sequence, network, use_flip=False), archive["output_padded"])
    assert_close(
        lift_screen(sequence, network, use_flip=True), archive["output_padded_flip_averaged"]
    )


def random_model(**changes):
    config = LifterConfig(
        **{
            "num_joints_in": 17,
            "in_features": 2,
            "num_joints_out": 17,
            "filter_widths": (3, 5, 3),
            "channels": 16,
            **changes,
        }
    )
    torch.manual_seed(1)
    model = TemporalModel(config)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    return config, model.eval()


@pytest.mark.parametrize("changes", [{}, {"causal": True}, {"dense": True}, {"in_features": 3}])
def test_numpy_forward_equals_torch(changes):
    config, model = random_model(**changes)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    network = TemporalNetwork(fold_batch_norm(config, state))
    clip = np.random.default_rng(0).normal(size=(90, 17, config.in_features)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(clip[None]))[0].numpy()
    actual = network.forward_valid(clip.reshape(90, -1)).reshape(expected.shape)
    assert_close(actual, expected, 1e-5)


def test_one_output_frame_sees_exactly_its_receptive_field():
    config, model = random_model(filter_widths=(3, 3, 3))
    clip = torch.randn(1, 61, 17, 2)
    middle = (61 - config.receptive_field) // 2
    with torch.no_grad():
        base = model(clip)[0, middle]
        moved = []
        for frame in range(61):
            changed = clip.clone()
            changed[0, frame] += 1.0
            moved.append(bool((model(changed)[0, middle] - base).abs().max() > 1e-6))
    seen = np.flatnonzero(moved)
    assert seen[0] == middle and seen[-1] == middle + config.receptive_field - 1
    assert len(seen) == config.receptive_field


def test_causal_clip_output_does_not_see_the_future():
    config, model = random_model(causal=True, filter_widths=(3, 3, 3))
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    network = TemporalNetwork(fold_batch_norm(config, state))
    clip = np.random.default_rng(0).normal(size=(60, 34)).astype(np.float32)
    changed = clip.copy()
    changed[31:] += 1.0
    before, after = network.forward_clip(clip), network.forward_clip(changed)
    assert np.array_equal(before[:31], after[:31])
    assert not np.allclose(before[31], after[31])


def test_parameter_counts_are_the_papers():
    for widths, count in (
        ((3, 3, 3), 8_555_571),
        ((3, 3, 3, 3), 12_753_971),
        ((3, 3, 3, 3, 3), 16_952_371),
    ):
        model = TemporalModel(
            LifterConfig(num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=widths)
        )
        assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_mirrored_input_gives_mirrored_output_when_flip_averaged():
    config, model = random_model(joint_set_in=COCO_17.name, joint_set_out=H36M_17.name)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    network = TemporalNetwork(fold_batch_norm(config, state))
    clip = np.random.default_rng(0).normal(size=(20, 17, 2)).astype(np.float32)
    mirrored = clip[:, COCO_17.mirror] * np.float32([-1, 1])
    poses = lift_screen(clip, network, use_flip=True)
    flipped = lift_screen(mirrored, network, use_flip=True)
    assert_close(flipped[:, H36M_17.mirror] * [-1, 1, 1], poses, 1e-5)
