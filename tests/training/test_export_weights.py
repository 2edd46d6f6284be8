"""Checkpoints become model files and back, and lift the same either way."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (make setup-train)")

from core.learning.architecture import config_of  # noqa: E402
from core.learning.checkpoint_file import (  # noqa: E402
    RUN_FORMAT,
    load_into,
    network_state,
    read_checkpoint,
)
from core.learning.network import TemporalModel  # noqa: E402
from core.lifting.config import LifterConfig  # noqa: E402
from core.lifting.inference import TemporalNetwork  # noqa: E402
from core.lifting.lift import lift_screen  # noqa: E402
from core.lifting.weights import (  # noqa: E402
    fold_batch_norm,
    load_weights,
    unfold_batch_norm,
)
from core.pipeline import DEFAULT_MODEL, LiftSettings, lift_clip  # noqa: E402
from tests.shared_data import SHARED_DATA, needs_shared_data  # noqa: E402
from training.export_weights import main  # noqa: E402

BEAM = Path(__file__).resolve().parents[1] / "data" / "beam" / "cam01_json"
PARITY = sorted((SHARED_DATA / "parity").glob("temporal_*.npz"))
CONFIG = LifterConfig(
    num_joints_in=17, in_features=2, num_joints_out=17, filter_widths=(3, 3, 3), channels=32
)


def trained_state(config=CONFIG):
    """The state of a network whose BatchNorm has seen data."""
    torch.manual_seed(2)
    model = TemporalModel(config)
    for name, values in model.state_dict().items():
        if "running_mean" in name or ("_bn" in name and name.endswith("bias")):
            values.normal_(0, 0.3)
        elif "running_var" in name or ("_bn" in name and name.endswith("weight")):
            values.uniform_(0.5, 2.0)
    return model.state_dict()


def public_checkpoint(state, **changes):
    return {
        "epoch": 80,
        "lr": 1e-5,
        "random_state": np.random.RandomState(1234),
        "optimizer": {"state": {}, "param_groups": []},
        "model_pos": state,
        "random_state_semi": None,
        **changes,
    }


def run_checkpoint(config, **changes):
    return {
        "format": RUN_FORMAT,
        "lifter": json.dumps(asdict(config)),
        "epoch": 7,
        "model_pos": trained_state(config),
        "history": [],
        **changes,
    }


def export(tmp_path, checkpoint, *options, is_legacy=False):
    """The model file that the command makes of a checkpoint."""
    source = tmp_path / "checkpoint.bin"
    torch.save(checkpoint, source, _use_new_zipfile_serialization=not is_legacy)
    main([str(source), str(tmp_path / "model.npz"), *options])
    return load_weights(tmp_path / "model.npz")


def assert_fails(capsys, tmp_path, checkpoint, *options):
    """The one-line message that the command fails with; no file is left."""
    with pytest.raises(SystemExit) as failure:
        export(tmp_path, checkpoint, *options)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.bin"]
    assert capsys.readouterr().out == ""
    assert isinstance(failure.value.code, str)
    return failure.value.code


def torch_output(config, state, clip):
    model = TemporalModel(config).eval()
    load_into(model, state, where="test")
    with torch.no_grad():
        return model.forward_frames(torch.from_numpy(clip)[None])[0].numpy()


def assert_close(actual, expected, tolerance):
    assert np.abs(actual - expected).max() <= tolerance * np.abs(expected).max()


@needs_shared_data
@pytest.mark.parametrize("is_legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("path", PARITY, ids=lambda path: path.stem)
def test_a_public_checkpoint_lifts_as_the_reference_does(tmp_path, path, is_legacy):
    archive = np.load(path)
    state = {
        f"module.{name[6:]}": torch.from_numpy(archive[name])
        for name in archive.files
        if name.startswith("state/")
    }
    options = ["--causal"] if archive["causal"] else []
    weights = export(tmp_path, public_checkpoint(state), *options, is_legacy=is_legacy)
    assert weights.config.receptive_field == archive["receptive_field"]
    assert weights.config.training == {"num_epochs": 80}
    network = TemporalNetwork(weights)
    for use_flip, expected in ((False, "output_padded"), (True, "output_padded_flip_averaged")):
        poses = lift_screen(archive["sequence"], network, use_flip=use_flip)
        assert_close(poses, archive[expected], 1e-3)


@pytest.mark.parametrize("changes", [{}, {"causal": True, "dense": True}, {"num_clip_outputs": 2}])
def test_state_to_model_to_state_keeps_the_output(tmp_path, changes):
    config = replace(CONFIG, **changes)
    clip = np.random.default_rng(0).normal(size=(40, 17, 2)).astype(np.float32)
    weights = export(tmp_path, run_checkpoint(config))
    main([str(tmp_path / "model.npz"), str(tmp_path / "state.pt")])
    checkpoint = read_checkpoint(tmp_path / "state.pt")
    back = config_of(checkpoint, where="state")
    assert back == weights.config == replace(config, training={"num_epochs": 7})
    state = network_state(checkpoint, "model_pos", where="state")
    output = torch_output(back, state, clip)
    # Exactly what the half-precision file holds, and nearly what went into it.
    assert_close(output, TemporalNetwork(weights).forward_valid(clip.reshape(40, -1)), 1e-5)
    assert_close(output, torch_output(config, trained_state(config), clip), 1e-3)


def test_model_to_state_to_model_is_the_same_file(tmp_path):
    main([str(DEFAULT_MODEL), str(tmp_path / "state.pt")])
    main([str(tmp_path / "state.pt"), str(tmp_path / "back.npz")])
    before, after = load_weights(DEFAULT_MODEL), load_weights(tmp_path / "back.npz")
    assert after.config == replace(
        before.config, training={**before.config.training, "num_epochs": 0}
    )
    for (weight, bias), (weight_back, bias_back) in zip(before.layers, after.layers, strict=True):
        assert np.array_equal(weight, weight_back) and np.array_equal(bias, bias_back)


def test_a_written_state_has_the_names_of_public_checkpoints(tmp_path):
    export(tmp_path, public_checkpoint(trained_state()))
    main([str(tmp_path / "model.npz"), str(tmp_path / "state.pt")])
    plain = torch.load(tmp_path / "state.pt", weights_only=True)
    shapes = {name: tensor.shape for name, tensor in plain["model_pos"].items()}
    assert shapes == {name: tensor.shape for name, tensor in trained_state().items()}
    TemporalModel(CONFIG).load_state_dict(plain["model_pos"])


def test_a_public_model_lifts_a_real_clip(tmp_path):
    checkpoint = public_checkpoint(
        {f"module.{name}": tensor for name, tensor in trained_state().items()}
    )
    export(tmp_path, checkpoint, is_legacy=True)
    settings = LiftSettings(fps=Fraction(60), model=tmp_path / "model.npz")
    (lifted,) = lift_clip(BEAM, person=1, settings=settings, progress=lambda *_: None)
    assert lifted.poses_world.positions.shape == (100, 21, 3)
    assert np.isfinite(lifted.poses_world.positions).all()
    assert np.isfinite(lifted.motion.rotations).all()
    (default,) = lift_clip(
        BEAM, person=1, settings=replace(settings, model=None), progress=lambda *_: None
    )
    assert not np.allclose(lifted.poses_camera.positions, default.poses_camera.positions)


def test_a_run_says_itself_what_it_is(tmp_path, capsys):
    config = replace(CONFIG, causal=True, fps=30, training={"data": "mocap"})
    (tmp_path / "s.json").write_text('{"val_mpjpe_mm": 51.5}')
    weights = export(tmp_path, run_checkpoint(config), "--summary", str(tmp_path / "s.json"))
    assert weights.config == replace(
        config, training={"data": "mocap", "num_epochs": 7, "val_mpjpe_mm": 51.5}
    )
    assert "at 30 Hz, causal, widths 3,3,3, 32 channels" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="the checkpoint says fps 30, not 50"):
        export(tmp_path, run_checkpoint(config), "--fps", "50")


def test_options_say_what_a_public_checkpoint_does_not(tmp_path, capsys):
    options = ("--joints-in", "Human3.6M-17", "--fps", "25", "--causal")
    config = export(tmp_path, public_checkpoint(trained_state()), *options).config
    assert (config.joint_set_in, config.fps, config.causal) == ("Human3.6M-17", 25, True)
    assert "assumed: it writes Human3.6M-17 (--joints-out)\n" in capsys.readouterr().out


def test_what_is_assumed_of_a_public_checkpoint_is_told_with_the_options_that_change_it(
    tmp_path, capsys
):
    export(tmp_path, public_checkpoint(trained_state()))
    assert (
        "checkpoint.bin does not say what it is; assumed: it reads COCO-17 (--joints-in), writes "
        "Human3.6M-17 (--joints-out), is symmetric (--causal if it sees no later frame), was trained "
        "at 50 Hz (--fps)\n"
    ) in capsys.readouterr().out
    export(tmp_path, run_checkpoint(CONFIG))
    assert "does not say" not in capsys.readouterr().out
    options = ("--joints-in", "COCO-17", "--joints-out", "Human3.6M-17", "--fps", "25", "--causal")
    export(tmp_path, public_checkpoint(trained_state()), *options)
    assert "does not say" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--joints-in", "COCO-99"], "--joints-in: expected one of COCO-17, .*, found 'COCO-99'"),
        (
            ["--joints-in", "BODY_25"],
            "network reads 17 joints, BODY_25 has 25: expected another --joints-in",
        ),
        (
            ["--joints-out", "lifted-21"],
            "network writes 17 joints, lifted-21 has 21: expected another --joints-out",
        ),
        (
            ["--joints-out", "COCO-17"],
            "expected a network that writes Human3.6M-17, .* found COCO-17",
        ),
        (["--network", "model_traj"], r"has no trajectory network \(model_traj\)"),
        (["--summary", "absent.json"], "absent.json: expected a JSON summary"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(tmp_path, capsys, options, message):
    error = assert_fails(capsys, tmp_path, public_checkpoint(trained_state()), *options)
    assert error.startswith("error: ") and "\n" not in error
    with pytest.raises(SystemExit, match=message):
        raise SystemExit(error)


def test_a_trajectory_is_no_pose(tmp_path, capsys):
    trajectory = trained_state(replace(CONFIG, num_joints_out=1))
    own = run_checkpoint(CONFIG, model_traj=trajectory)
    for checkpoint in (public_checkpoint(trained_state(), model_traj=trajectory), own):
        error = assert_fails(capsys, tmp_path, checkpoint, "--network", "model_traj")
        assert "model_traj writes the root's path, not a pose" in error


def test_numbers_beyond_half_precision_are_refused(tmp_path, capsys):
    state = {**trained_state(), "shrink.bias": torch.full((51,), 1e6)}
    error = assert_fails(capsys, tmp_path, public_checkpoint(state))
    assert (
        "checkpoint.bin: layer 5: bias: expected numbers that half precision holds, found 1e+06"
        in error
    )


def test_a_bad_checkpoint_leaves_an_older_model_alone(tmp_path):
    export(tmp_path, public_checkpoint(trained_state()))
    before = (tmp_path / "model.npz").read_bytes()
    state = {name: value for name, value in trained_state().items() if name != "shrink.bias"}
    with pytest.raises(SystemExit, match=r"checkpoint\.bin: a checkpoint of another architecture"):
        export(tmp_path, public_checkpoint(state))
    content = (tmp_path / "checkpoint.bin").read_bytes()
    (tmp_path / "checkpoint.bin").write_bytes(content[:-500])
    with pytest.raises(SystemExit, match=r"checkpoint\.bin: .* truncated, broken or other file"):
        main([str(tmp_path / "checkpoint.bin"), str(tmp_path / "model.npz")])
    assert (tmp_path / "model.npz").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.bin", "model.npz"}


def test_a_bad_model_file_makes_no_state(tmp_path):
    (tmp_path / "m.npz").write_bytes(b"not a model")
    with pytest.raises(SystemExit, match=r"m\.npz: expected a model file"):
        main([str(tmp_path / "m.npz"), str(tmp_path / "state.pt")])
    shutil.copy(DEFAULT_MODEL, tmp_path / "m.npz")
    with pytest.raises(SystemExit, match="cannot write .*: there is no folder"):
        main([str(tmp_path / "m.npz"), str(tmp_path / "absent" / "state.pt")])
    assert [path.name for path in tmp_path.iterdir()] == ["m.npz"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.pt", "b.pt"], "expected a checkpoint and a model file"),
        (["a.npz", "b.npz"], "expected a checkpoint and a model file"),
        (["a.npz", "b.pt", "--causal"], "--causal is not for a model file"),
        (["a.pt", "b.npz", "--fps", "0"], "--fps: expected a whole number above 0, found 0"),
    ],
)
def test_wrong_usage_ends_with_2(capsys, arguments, message):
    with pytest.raises(SystemExit) as failure:
        main(arguments)
    assert failure.value.code == 2 and message in capsys.readouterr().err


def test_folding_an_unfolded_network_gives_it_back():
    state = {name: value.numpy() for name, value in trained_state().items()}
    weights = fold_batch_norm(CONFIG, state)
    again = fold_batch_norm(CONFIG, unfold_batch_norm(weights))
    for (weight, bias), (weight_back, bias_back) in zip(weights.layers, again.layers, strict=True):
        assert_close(weight_back, weight, 1e-6)
        assert_close(bias_back, bias, 1e-6)
