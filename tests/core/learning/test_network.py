"""The torch network equals the reference implementation, and the NumPy forward equals both."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.joint_sets import COCO_17, H36M_17  # noqa: E402
from core.learning.network import StridedTemporalModel, TemporalModel  # noqa: E402
from core.learning.prediction import predict_clip  # noqa: E402
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


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"causal": True},
        {"dense": True},
        {"in_features": 3},
        {"relative_input_scale": 5.0},
        {"relative_input_scale": 2.0, "in_features": 3},
    ],
)
def test_numpy_forward_equals_torch(changes):
    config, model = random_model(**changes)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    network = TemporalNetwork(fold_batch_norm(config, state))
    clip = np.random.default_rng(0).normal(size=(90, 17, config.in_features)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(clip[None]))[0].numpy()
    actual = network.forward_valid(clip.reshape(90, -1)).reshape(expected.shape)
    assert_close(actual, expected, 1e-5)


VARIANTS = {
    "symmetric": {},
    "causal": {"causal": True},
    "dense": {"dense": True},
    "one_frame": {"filter_widths": (1, 1, 1)},
    "unequal_widths": {"filter_widths": (5, 3)},
    "unequal_widths_causal": {"filter_widths": (5, 3), "causal": True},
}


def variant(name, kind=TemporalModel, **changes):
    options = {"filter_widths": (3, 3, 3), "channels": 24, **VARIANTS[name], **changes}
    config, model = random_model(**options)
    return config, torch_model(kind, config, model.state_dict()).double()


def frames_that_matter(model, clip, output):
    """Which frames of a clip (T,J,F) change one output frame when they alone are disturbed."""
    num_frames = len(clip)
    disturbed = clip.expand(num_frames, *clip.shape).clone()
    disturbed[range(num_frames), range(num_frames)] += 3.0
    with torch.no_grad():
        base, moved = model(clip[None])[0, output], model(disturbed)[:, output]
    return np.flatnonzero(((moved - base).abs() > 1e-9).flatten(start_dim=1).any(dim=1)).tolist()


@pytest.mark.parametrize("name", VARIANTS)
def test_one_output_frame_sees_exactly_its_receptive_field(name):
    config, model = variant(name)
    span = config.receptive_field
    clip = torch.randn(span + 9, 17, 2, dtype=torch.float64)
    for output in (0, 4, 9):
        seen = frames_that_matter(model, clip, output)
        assert seen == list(range(output, output + span))


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "dense"])
def test_the_strided_twin_sees_its_whole_window_and_no_other(name):
    config, model = variant(name, StridedTemporalModel)
    span = config.receptive_field
    windows = torch.randn(3 * span, 17, 2, dtype=torch.float64)
    assert frames_that_matter(model, windows[:span], 0) == list(range(span))
    assert frames_that_matter(model, windows, 1) == list(range(span, 2 * span))


@pytest.mark.parametrize(
    ("name", "before"), [("symmetric", 13), ("dense", 13), ("causal", 26), ("one_frame", 0)]
)
def test_a_padded_clips_frame_sees_both_sides_or_the_past_alone(name, before):
    config, model = variant(name)
    after = config.receptive_field - 1 - before

    def padded(clips):
        return torch.stack([predict_clip(model, clip) for clip in clips])

    seen = frames_that_matter(padded, torch.randn(60, 17, 2, dtype=torch.float64), 30)
    assert seen == list(range(30 - before, 30 + after + 1))


@pytest.mark.parametrize("name", ["causal", "unequal_widths_causal"])
def test_the_causal_residual_is_of_the_latest_frame(name):
    """Without its convolutions a block passes on the frame that it answers for, and nothing older."""
    for kind in (TemporalModel, StridedTemporalModel):
        config, model = variant(name, kind)
        for norm in model.layers_bn:
            torch.nn.init.zeros_(norm.weight)
            torch.nn.init.constant_(norm.bias, -1.0)
        window = torch.randn(config.receptive_field, 17, 2, dtype=torch.float64)
        last = config.receptive_field - 1
        first_width = config.filter_widths[0]
        assert frames_that_matter(model, window, 0) == list(range(last - first_width + 1, last + 1))


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "dense"])
def test_strided_windows_equal_the_dilated_clip_at_every_frame(name):
    config, dilated = variant(name)
    strided = torch_model(StridedTemporalModel, config, dilated.state_dict()).double()
    clip = torch.randn(70, 17, 2, dtype=torch.float64)
    windows = clip.unfold(0, config.receptive_field, 1).movedim(-1, 1)
    with torch.no_grad():
        expected, actual = dilated(clip[None])[0], strided(windows)[:, 0]
    assert len(actual) == 70 - config.receptive_field + 1
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "dense"])
def test_strided_and_dilated_gradients_are_equal_on_single_windows(name):
    """With BatchNorm's running statistics: batch ones are of other frames in either form."""
    config, dilated = variant(name)
    strided = torch_model(StridedTemporalModel, config, dilated.state_dict()).double()
    windows = torch.randn(6, config.receptive_field, 17, 2, dtype=torch.float64)
    for model in (dilated, strided):
        model.dropout.p = 0.0
        model(windows).square().sum().backward()
    pairs = zip(dilated.named_parameters(), strided.parameters(), strict=True)
    for (parameter, expected), actual in pairs:
        assert expected.grad.abs().max() > 0, parameter
        torch.testing.assert_close(actual.grad, expected.grad, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", [TemporalModel, StridedTemporalModel])
@pytest.mark.parametrize("is_training", [False, True])
def test_the_single_frame_network_is_one_in_either_form(kind, is_training):
    config, model = variant("one_frame", dropout=0.0)
    other = torch_model(kind, config, model.state_dict()).double()
    frames = torch.randn(8, 1, 17, 2, dtype=torch.float64)
    outputs = [network.train(is_training)(frames) for network in (model, other)]
    torch.testing.assert_close(*outputs, rtol=0, atol=1e-12)


def test_the_dense_ablation_has_no_strided_twin():
    with pytest.raises(AssertionError, match="no strided twin"):
        variant("dense", StridedTemporalModel)


@pytest.mark.parametrize("kind", [TemporalModel, StridedTemporalModel])
def test_dropout_is_there_in_training_alone(kind):
    config, model = random_model(dropout=0.5, filter_widths=(3, 3))
    model = torch_model(kind, config, model.state_dict())
    window = torch.randn(4, 9, 17, 2)
    assert torch.equal(model(window), model(window))
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm1d):
            norm.momentum = 0.0
    model.train()
    assert not torch.equal(model(window), model(window))


def test_numbers_of_the_whole_clip_come_after_the_joints():
    _, model = random_model(out_features=5, num_clip_outputs=7, filter_widths=(3, 3))
    clip = torch.randn(2, 20, 17, 2)
    with torch.no_grad():
        frames, joints = model.forward_frames(clip), model(clip)
    assert frames.shape == (2, 12, 17 * 5 + 7) and joints.shape == (2, 12, 17, 5)
    assert torch.equal(frames[..., : 17 * 5].reshape(joints.shape), joints)


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


@pytest.mark.parametrize("in_features", [2, 3])
def test_relative_inputs_are_a_change_of_coordinates_that_the_model_file_undoes(in_features):
    config, model = random_model(relative_input_scale=5.0, in_features=in_features)
    plain_config, plain = random_model(in_features=in_features)
    plain.load_state_dict(model.state_dict())
    clip = torch.randn(1, 60, 17, in_features)
    moved = clip.clone()
    moved[..., 1:, :2] = 5.0 * (clip[..., 1:, :2] - clip[..., :1, :2])
    with torch.no_grad():
        assert_close(model(clip).numpy(), plain(moved).numpy(), 1e-5)
        assert not np.allclose(model(clip).numpy(), plain(clip).numpy(), rtol=1e-3)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    assert fold_batch_norm(config, state).config == plain_config
