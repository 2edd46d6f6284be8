"""TensorFlow Lite models become ONNX files that compute the same."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.detect.network import LANDMARK_MODEL, PERSON_MODEL
from core.errors import InputFormatError
from training.pose_networks.convert import convert_tflite, main
from training.pose_networks.tflite import read_tflite

from .tiny_model import TinyModel

cv2: Any = pytest.importorskip("cv2", reason="OpenCV absent: nothing runs the networks")

_SAME, _VALID = 0, 1
_RELU6 = 3


def _run(content: bytes, image: np.ndarray) -> np.ndarray:
    """What OpenCV makes of an (H,W,C) image, (H',W',C')."""
    network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    network.setInput(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))
    return network.forward()[0].transpose(1, 2, 0)


def _converted(model: TinyModel) -> bytes:
    output = f"tensor {len(model.tensors) - 1}"
    return convert_tflite(model.content(), {output: "result"}, "tiny.tflite")


def _convolve(image: np.ndarray, weight: np.ndarray, stride: int) -> np.ndarray:
    """A convolution without padding; weight (O,h,w,I)."""
    size = weight.shape[1:3]
    windows = np.lib.stride_tricks.sliding_window_view(image, size, axis=(0, 1))
    return np.einsum("yxcij,oijc->yxo", windows[::stride, ::stride], weight)


def _number(value: int) -> np.ndarray:
    return np.array(value, "<i4")


def test_a_convolution_with_a_half_precision_weight_and_a_limit() -> None:
    """Padding to the same size: one row and column, after the picture, for a stride of two."""
    rng = np.random.default_rng(0)
    weight = rng.normal(0, 3, (4, 3, 3, 2)).astype(np.float16)
    bias = rng.normal(0, 3, 4).astype(np.float32)
    model = TinyModel()
    image = model.add_tensor((1, 8, 6, 2))
    stored = model.add_constant(weight)
    wide = model.add_operator("DEQUANTIZE", [stored], weight.shape)
    model.add_operator(
        "CONV_2D",
        [image, wide, model.add_constant(bias)],
        (1, 4, 3, 4),
        {0: _SAME, 1: _number(2), 2: _number(2), 3: _RELU6},
    )
    picture = rng.normal(0, 1, (8, 6, 2)).astype(np.float32)
    padded = np.pad(picture, ((0, 1), (0, 1), (0, 0)))
    wanted = np.clip(_convolve(padded, weight.astype(float), 2) + bias, 0, 6)
    assert np.allclose(_run(_converted(model), picture), wanted, atol=1e-4)
    assert 0 < (wanted == 6).mean() < 1


def test_padding_in_space_belongs_to_the_convolution_that_follows() -> None:
    rng = np.random.default_rng(1)
    weight = rng.normal(0, 1, (1, 3, 3, 2)).astype(np.float32)
    model = TinyModel()
    image = model.add_tensor((1, 4, 4, 2))
    amounts = model.add_constant(np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32))
    padded = model.add_operator("PAD", [image, amounts], (1, 7, 7, 2))
    bias = model.add_constant(np.zeros(2, np.float32))
    model.add_operator(
        "DEPTHWISE_CONV_2D",
        [padded, model.add_constant(weight), bias],
        (1, 5, 5, 2),
        {0: _VALID, 1: _number(1), 2: _number(1), 3: _number(1)},
    )
    picture = rng.normal(0, 1, (4, 4, 2)).astype(np.float32)
    larger = np.pad(picture, ((1, 2), (2, 1), (0, 0)))
    wanted = np.concatenate(
        [_convolve(larger[..., c : c + 1], weight[..., c : c + 1], 1) for c in range(2)], axis=-1
    )
    assert np.allclose(_run(_converted(model), picture), wanted, atol=1e-5)


def test_padding_of_channels_adds_zeros_after_them() -> None:
    model = TinyModel()
    image = model.add_tensor((1, 2, 2, 2))
    amounts = model.add_constant(np.array([[0, 0], [0, 0], [0, 0], [0, 1]], np.int32))
    wide = model.add_operator("PAD", [image, amounts], (1, 2, 2, 3))
    model.add_operator("ADD", [wide, wide], (1, 2, 2, 3))
    picture = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    assert np.allclose(
        _run(_converted(model), picture), 2 * np.pad(picture, ((0, 0), (0, 0), (0, 1)))
    )


def test_a_sparse_weight_is_filled_up_with_zeros() -> None:
    """Stored by rows: how many each has, in which columns they are, and their values."""
    dense = np.array([[0, 5, 0], [7, 0, 9]], np.float16).reshape(2, 1, 1, 3)
    sizes = [{0: 0, 1: _number(size)} for size in (2, 1, 1)]
    segments, columns = ({0: np.array(values, "u1")} for values in ([0, 1, 3], [1, 0, 2]))
    sparse = {0: 1, 2: 3, 3: segments, 4: 3, 5: columns}
    model = TinyModel()
    model.add_tensor((1, 1, 1, 3))
    stored = model.add_constant(dense, {0: np.arange(4, dtype="<i4"), 2: [*sizes, sparse]})
    filled = model.add_operator("DENSIFY", [stored], dense.shape)
    graph = read_tflite(model.content(), "tiny.tflite")
    assert np.array_equal(graph.constants[filled], dense)


def test_layers_that_no_output_needs_are_left_out() -> None:
    model = TinyModel()
    image = model.add_tensor((1, 2, 2, 1))
    model.add_operator("MAX_POOL_2D", [image], (1, 1, 1, 1))
    model.add_operator("ADD", [image, image], (1, 2, 2, 1))
    graph = read_tflite(model.content(), "tiny.tflite")
    assert [layer.operator for layer in graph.layers] == ["MAX_POOL_2D", "ADD"]
    [name] = graph.outputs
    assert [layer.operator for layer in graph.pruned((name,)).layers] == ["ADD"]


def test_other_files_and_outputs_are_refused() -> None:
    with pytest.raises(InputFormatError, match=r"x\.tflite: expected a file marked b'TFL3'"):
        read_tflite(b"something else", "x.tflite")
    model = TinyModel()
    image = model.add_tensor((1, 2, 2, 1))
    model.add_operator("ADD", [image, image], (1, 2, 2, 1))
    with pytest.raises(InputFormatError, match=r"x\.tflite: expected an output 'Identity'"):
        convert_tflite(model.content(), {"Identity": "boxes"}, "x.tflite")


def test_another_wheel_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = PERSON_MODEL.stat(), LANDMARK_MODEL.stat()
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other.txt", "")
    assert main([str(wheel)]) == 1
    assert "other.whl: expected a wheel with mediapipe/modules" in capsys.readouterr().err
    assert (PERSON_MODEL.stat(), LANDMARK_MODEL.stat()) == before
