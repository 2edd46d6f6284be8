"""What a user can choose about a lift."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from .correction import Correction


@dataclass(frozen=True, slots=True)
class LiftSettings:
    """What the user chose; None means: find out, or take the stated default.

    ``fps`` Hz; ``image_size`` (width, height) px; ``fov_deg`` across the image's width;
    ``camera_path`` a moving camera's, as ``io.camera_path`` has it; ``height_m`` of the person
    (default: feet on a calibrated ground, else 1.70), of several the one who is seen best; ``smooth``
    from 0, raw, to 1, very smooth; ``corrections`` of all people. Of a video as the clip:
    ``frame_range`` the first and last frame to look at, ``keypoint_cache`` a folder where what is found
    is kept and looked up.
    """

    fps: Fraction | None = None
    image_size: tuple[int, int] | None = None
    video: Path | None = None
    fov_deg: float | None = None
    focal_length_px: float | None = None
    calibration: Path | None = None
    camera_name: str | None = None
    camera_path: Path | None = None
    model: Path | None = None
    height_m: float | None = None
    smooth: float = 0.3
    lock_feet: bool = True
    corrections: tuple[Correction, ...] = ()
    frame_range: tuple[int, int] | None = None
    keypoint_cache: Path | None = None
