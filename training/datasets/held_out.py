"""Recordings that validate and nothing else: known by their keypoints, whatever a copy is called.

The data folder's ``real/aistpp`` 04 and ``real/pose2sim_single`` (of which the demo clip
``tests/data/beam`` is camera 01) judge models on real video. A figure on them means something only as
long as nothing was fitted to them, their 2D included, so nothing that learns may be given them.
"""

from __future__ import annotations

import hashlib

import numpy as np

from core.errors import InputFormatError
from core.joint_sets import BODY_12
from core.skeleton import Skeleton

_DIGITS = 12
# Rounded to a tenth of a pixel, off any value with three decimals: single and double precision agree.
_STEPS_PER_PIXEL, _OFFSET = 10.0, 0.003
# Of every view, some frames in which the whole body was found; they lie all over the recording, so
# that a part of some seconds holds one too.
_POSE2SIM_SINGLE = """
    02b8db7670b0 0d22505c5a48 10898423cbf8 11a55ed992a0 268a3f0d72e8 2796b59d3718
    399d6372a510 41e5969f6c30 451da5d0f590 46a6b1a26558 47eec8388950 4bf19dc5de48
    693cddff0748 6a6d52e865a8 791863548588 8462380e0990 910fc8fbd228 9229b9d0f520
    a4cba1220c78 aa37ca8824a8 aade3e1cf418 abe835555990 ac392d3e8398 b125db8e0df0
    be062b3e8bc0 c19e706a3d78 ce6d82862b58 d21dc03834f0 d5b58db77f90 fab72566e7a0
    ff0c3c6b44c0
"""
_BREAKDANCE_04 = """
    047cca6d8060 07f3c0808970 08fa216bcf40 09cf11697d50 0da7e3399580 0e53653a0d70
    108d4218db20 14b170bea880 15bcda4ae490 17f5a07531c0 18c87a2fafb0 1f2114a37520
    20e6ce5c4870 227b611b0b80 25e54fd61e20 26e50787e2a0 2c05e91cd280 2d27bdf669c0
    2f721e5c4c40 35e19421bd90 383868034d10 393f5ca34350 3da5f61c64f0 3e5f14a0c0b0
    3f2ab7fd00e0 3ff06808c2f0 41cb6706c310 428585794bc0 437b905f26d0 45600cbdc510
    4917be869630 4a25aa03f190 4b24f15fc9f0 4da2a9b270a0 4e831e8b8b50 518d32587e00
    53843cf3e0e0 5579f7befef0 572e19915b50 5951f031b700 5a42704843d0 5a7c9c2dee70
    5bc273f4a570 5c7e82d70ca0 5e6e592bd560 6934fee9ea40 6ab9835533f0 6d886938aee0
    6f2f92ddb790 6fbf4b7eef20 71f6e0819b60 73929875a480 744aa00ffd00 749b889585a0
    74e837c002c0 74e9c61ce5f0 771f63d687e0 7c89851b5b10 81b1de5fc3a0 853ec3bf2080
    8aaecee66ef0 8b093c2b6340 8c8473d24c20 8c9570a72cc0 8d40befd61b0 8e5b330a9e40
    8ffc04f96fc0 91479d341c90 9234689cd0f0 95a8bf579500 9620cec892d0 96bee1b77f70
    96dd044509c0 975f0ca55ac0 978973b393f0 9a8341fd27f0 9ae01ec857d0 9ed9dddc1020
    a18183c832d0 a1ac734dbc40 a2a249c23510 a6bc748cc080 a9377c410af0 ab40af990b20
    b09315782a40 b36721ac29c0 b5aa7f085fd0 b6e6096b34e0 b8a6a0ab8340 b8b8b51d6c10
    ba77b0452f00 bf8488a0cb00 c052ecb0dba0 c068f90ff100 c43cd54f0f70 c46fb5b509c0
    c58fdbce0420 c9b6b3647d20 c9cc7faa5190 cd3c70d2f9d0 cdf850ffefb0 cf35982b5080
    d21b4caa8880 d38a26d399e0 d6e8925a4c40 d711ce0b21d0 d8c80248eb40 da2d8fcd3880
    dc3895c12250 de13c2d7fbb0 df2e06d5dde0 df993bc577b0 dfcba1bdb2c0 e30883577d70
    e3d1ead920b0 ecf47414aa60 f1b5c3299500 f2431d2d28c0 f490c2bb4910 fa3e751c1520
    fb4aa3722d10 fb8378f89ff0
"""
_HELD_OUT = {
    "real/pose2sim_single (tests/data/beam)": frozenset(_POSE2SIM_SINGLE.split()),
    "real/aistpp breakdance_ch04": frozenset(_BREAKDANCE_04.split()),
}


def frame_fingerprints(keypoints: np.ndarray, skeleton: Skeleton) -> list[str]:
    """A fingerprint of every frame's body joints; none where the skeleton does not name them all.

    Parameters
    ----------
    keypoints : (T,J,2) array
        px, as the detector gave them. A copy in other joints, of fewer frames or under another name
        keeps its fingerprints; one that is scaled or smoothed does not.
    skeleton : Skeleton
    """
    if not set(BODY_12) <= set(skeleton.joint_names):
        return []
    body = keypoints[:, skeleton.indices(*BODY_12)].astype(np.float64)
    steps = np.rint(body * _STEPS_PER_PIXEL + _OFFSET).astype("<i8")
    return [hashlib.sha1(frame.tobytes()).hexdigest()[:_DIGITS] for frame in steps]


def held_out_recording(keypoints: np.ndarray, skeleton: Skeleton) -> str | None:
    """The recording that is held out which ``keypoints`` (T,J,2) px, as detected, are of; else None."""
    found = frame_fingerprints(keypoints, skeleton)
    return next((name for name, known in _HELD_OUT.items() if not known.isdisjoint(found)), None)


def refuse_held_out(keypoints: np.ndarray, skeleton: Skeleton, where: str) -> None:
    """Make sure that ``keypoints`` (T,J,2) px, as detected, are of no recording that is held out.

    Raises
    ------
    InputFormatError
        When they are; it opens with ``where``.
    """
    name = held_out_recording(keypoints, skeleton)
    if name is not None:
        raise InputFormatError(
            f"{where}: expected a recording that may be learned from, found {name}, which is for "
            "validation alone: leave it out"
        )
