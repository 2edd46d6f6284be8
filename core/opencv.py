"""OpenCV, which decodes videos and runs the networks that find people: only the full package has it."""

from __future__ import annotations

import importlib
import os
from typing import Any

from .errors import NotAvailableError

WHAT_TO_DO = (
    "install the full package of this add-on for your system, or give keypoints of another program"
)
"""Where videos cannot be read."""


def load_opencv() -> Any:
    """The module ``cv2``, kept from printing.

    Raises
    ------
    NotAvailableError
        When it is not there or does not load, with what a user can do.
    """
    # FFmpeg's own messages: what matters of them comes back as an error of ours.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        opencv = importlib.import_module("cv2")
    except ImportError as error:
        raise NotAvailableError(
            f"videos need OpenCV, which did not load ({error}): {WHAT_TO_DO}"
        ) from error
    opencv.utils.logging.setLogLevel(opencv.utils.logging.LOG_LEVEL_SILENT)
    return opencv
