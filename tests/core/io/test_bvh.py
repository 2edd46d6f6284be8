"""BVH files: known rotations give known places; broken files say where."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InputFormatError
from core.io.bvh import global_transforms, read_bvh

ARM = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Arm
  {
    OFFSET 0 1 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 2 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.025
1 2 3 0 0 0 0 0 0
0 0 0 90 0 0 0 90 0
"""


def write(tmp_path, text):
    path = tmp_path / "arm.bvh"
    path.write_text(text)
    return path


def test_known_rotations_give_known_places(tmp_path):
    clip = read_bvh(write(tmp_path, ARM))
    assert clip.joint_names == ("Hips", "Arm", "Arm_end") and clip.fps == pytest.approx(40)
    positions, _ = global_transforms(clip)
    assert np.allclose(positions[0], [[1, 2, 3], [1, 3, 3], [1, 5, 3]])
    # Root turned 90 degrees about z: the arm points to -x; the arm's own x turn lifts its end to z.
    assert np.allclose(positions[1], [[0, 0, 0], [-1, 0, 0], [-1, 0, 2]], atol=1e-12)


def test_channels_apply_in_the_files_order(tmp_path):
    swapped = ARM.replace(
        "Zrotation Xrotation Yrotation\n    End", "Xrotation Zrotation Yrotation\n    End"
    )
    first, _ = global_transforms(read_bvh(write(tmp_path, ARM.replace("0 90 0\n", "90 90 0\n"))))
    second, _ = global_transforms(
        read_bvh(write(tmp_path, swapped.replace("0 90 0\n", "90 90 0\n")))
    )
    assert not np.allclose(first[1, 2], second[1, 2])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MOTION", "", "HIERARCHY and MOTION"),
        ("Frames: 2", "Frames: 3", "expected 3 frames of 9 channels"),
        ("Frame Time: 0.025", "Frame Time: x", "broken MOTION"),
        ("OFFSET 0 1 0", "OFFSET 0 one 0", "line 8: broken hierarchy"),
        ("0 0 0 90 0 0 0 90 0", "0 0 nan 90 0 0 0 90 0", "frame 1: a channel is not a finite"),
    ],
)
def test_broken_files_say_what_and_where(tmp_path, old, new, message):
    with pytest.raises(InputFormatError, match=message):
        read_bvh(write(tmp_path, ARM.replace(old, new)))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputFormatError, match=r"gone\.bvh: cannot read"):
        read_bvh(tmp_path / "gone.bvh")
