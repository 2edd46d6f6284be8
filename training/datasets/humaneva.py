"""HumanEva-I as VideoPose3D prepares it: ``data_3d_humaneva15.npz`` and its 2D files."""

from __future__ import annotations

from pathlib import Path

from core.joint_sets import HUMANEVA_15
from core.learning.clips import ClipSet

from .camera_table import read_camera_table
from .npz_pair import read_detected_videos, read_true_positions
from .pairing import choose_npz, pair_world_clips

FILE_3D = "data_3d_humaneva15.npz"
TRAIN_SUBJECTS = ("Train/S1", "Train/S2", "Train/S3")
TEST_SUBJECTS = ("Validate/S1", "Validate/S2", "Validate/S3")
CAMERA_TABLE = Path(__file__).parent / "humaneva_cameras.json"
FPS = 60.0

_STEM_2D = "data_2d_humaneva15_"
_UNLABELLED = "Unlabeled/"


def load_humaneva(folder: Path, *, detector: str | None) -> ClipSet:
    """Every subject, action chunk and camera of HumanEva-I, 3D in camera space.

    The cameras C1, C2, C3 have a published place but no lens: the clips' ``camera`` is None. Subjects
    named ``Unlabeled/...`` are unlabelled clips where the 2D file alone has them.

    Parameters
    ----------
    folder : Path
        Holds both files.
    detector : str, or None
        Whose 2D: gt, detectron_pt_coco ...; None asks which are there.

    Raises
    ------
    InputFormatError
        When a file is missing or broken, or 2D and 3D do not match: the message says where.
    """
    path_2d, path_3d = choose_npz(Path(folder), _STEM_2D, FILE_3D, detector)
    return pair_world_clips(
        read_detected_videos(path_2d, own_skeleton=HUMANEVA_15),
        read_true_positions(path_3d),
        read_camera_table(CAMERA_TABLE),
        subject_key=lambda subject: subject.rpartition("/")[2],
        joint_counts=(15,),
        may_lack_3d=lambda subject: subject.startswith(_UNLABELLED),
        fps=FPS,
    )
