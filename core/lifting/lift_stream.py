"""Lift one person's 2D keypoints to 3D frame by frame, as they come."""

from __future__ import annotations

import numpy as np

from ..errors import LiftError
from .config import LifterConfig
from .inference import TemporalNetwork
from .inference_stream import TemporalStream
from .normalization import normalize_through
from .ray_pose import RayPoses, place_prediction, read_prediction
from .weights import LifterWeights
from .window_stream import StreamWindow


class LiftStream:
    """What ``lift`` does with a causal network, one frame at a time: the same poses up to rounding.

    Without the mirrored frame, which would cost a fifth of the time of a frame and spares less than a
    hundredth of the error (synthetic views of mocap's val split, the symmetric model).

    Parameters
    ----------
    weights : LifterWeights
        Of a causal network that reads rays.

    Raises
    ------
    LiftError
        When the network is another.
    """

    def __init__(self, weights: LifterWeights) -> None:
        check_streamable(weights.config)
        self._network = TemporalStream(TemporalNetwork(weights))
        self._window = StreamWindow()

    def reset(self) -> None:
        """Begin anew with the next frame."""
        self._network.reset()
        self._window = StreamWindow()

    def push(self, rays: np.ndarray, confidence: np.ndarray) -> RayPoses:
        """The next frame's pose.

        Parameters
        ----------
        rays : (23,2) array
            Undistorted x/z and y/z of the ``BODY_23`` joints in the camera.
        confidence : (23,) array
            0 where a joint is missing.

        Returns
        -------
        RayPoses
            Of one frame.
        """
        normalized = normalize_through(rays[None], confidence[None], self._window)
        raw = self._network.push(normalized.features.ravel())
        return place_prediction(read_prediction(raw[None], normalized), normalized)


def check_streamable(config: LifterConfig) -> None:
    """Raise LiftError unless a network sees no later frame and reads rays."""
    if not config.causal:
        _, after = config.padding
        raise LiftError(
            "streaming: expected a causal model, such as core/weights/causal.npz, found a symmetric "
            f"one, which waits for {after} later frames"
        )
    if config.normalization != "ray":
        raise LiftError(
            f"streaming: expected a model that reads rays, found {config.normalization!r} coordinates"
        )
