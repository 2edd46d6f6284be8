"""Human3.6M as VideoPose3D prepares it: ``data_3d_h36m.npz`` and ``data_2d_h36m_<detector>.npz``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.joint_sets import H36M_17
from core.learning.clips import ClipSet

from .camera_table import read_camera_table
from .npz_pair import DetectedVideos, TruePositions, read_detected_videos, read_true_positions
from .pairing import choose_npz, pair_world_clips

FILE_3D = "data_3d_h36m.npz"
TRAIN_SUBJECTS = ("S1", "S5", "S6", "S7", "S8")
TEST_SUBJECTS = ("S9", "S11")
CAMERA_TABLE = Path(__file__).parent / "human36m_cameras.json"
FPS = 50.0

_STEM_2D = "data_2d_h36m_"
# The data set's one corrupted recording: prepared 3D leaves it out, some detectors' files keep it.
_CORRUPTED = ("S11", "Directions")


def load_human36m(folder: Path, *, detector: str | None) -> ClipSet:
    """Every subject, action and camera of Human3.6M, 3D in camera space.

    Subjects whose 3D is not published (S2, S3, S4, S10) are unlabelled clips where the 2D file has
    them. "Directions" of S11, a corrupted recording, is left out where the 3D file does.

    Parameters
    ----------
    folder : Path
        Holds both files.
    detector : str, or None
        Whose 2D: gt, cpn_ft_h36m_dbb ...; None asks which are there.

    Raises
    ------
    InputFormatError
        When a file is missing or broken, or 2D and 3D do not match: the message says where.
    """
    path_2d, path_3d = choose_npz(Path(folder), _STEM_2D, FILE_3D, detector)
    true = read_true_positions(path_3d)
    detected = _without_corrupted(read_detected_videos(path_2d, own_skeleton=H36M_17), true)
    cameras = read_camera_table(CAMERA_TABLE)
    return pair_world_clips(
        detected,
        true,
        cameras,
        subject_key=str,
        joint_counts=(17, 32),
        may_lack_3d=lambda subject: subject in cameras.poses and not cameras.has_poses(subject),
        fps=FPS,
    )


def _without_corrupted(detected: DetectedVideos, true: TruePositions) -> DetectedVideos:
    subject, action = _CORRUPTED
    if subject not in detected.videos or action in true.videos.get(subject, {}):
        return detected
    actions = {name: views for name, views in detected.videos[subject].items() if name != action}
    return replace(detected, videos={**detected.videos, subject: actions})
