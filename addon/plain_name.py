"""Joints and parts of the body, and why a pose is not to be trusted, as a person would say it."""

from __future__ import annotations

from ..core.trust import MOSTLY_HIDDEN, NOBODY_SEEN, NOT_SEEN_YET, OFF_KEYPOINTS

_SIDES = {".L": "left ", ".R": "right "}
_FINGERS = ("index", "middle", "ring")


def plain_name(name: str) -> str:
    """``left_wrist`` or ``upper_arm.L`` in plain words: left wrist, left upper arm."""
    part, side = (name[:-2], _SIDES[name[-2:]]) if name.endswith(tuple(_SIDES)) else (name, "")
    finger = " finger" if part in _FINGERS else ""
    return side + part.replace("_", " ") + finger


_CHINESE_MIDDLE = {
    "root": "根骨骼",
    "pelvis": "骨盆",
    "hips": "髋部",
    "spine": "脊柱",
    "thorax": "胸廓",
    "chest": "胸部",
    "neck": "颈部",
    "nose": "鼻子",
    "head": "头部",
}

_CHINESE_SIDE = {
    "shoulder": "肩",
    "upper arm": "上臂",
    "elbow": "肘",
    "forearm": "前臂",
    "wrist": "腕",
    "hand": "手",
    "hip": "髋",
    "thigh": "大腿",
    "knee": "膝",
    "shin": "小腿",
    "ankle": "踝",
    "foot": "脚",
    "heel": "脚跟",
    "toe": "脚尖",
    "toes": "脚趾",
    "thumb": "拇指",
    "index finger": "食指",
    "middle finger": "中指",
    "ring finger": "无名指",
    "pinky": "小指",
}

CHINESE_NAMES = {
    **_CHINESE_MIDDLE,
    **{f"left {part}": f"左{chinese}" for part, chinese in _CHINESE_SIDE.items()},
    **{f"right {part}": f"右{chinese}" for part, chinese in _CHINESE_SIDE.items()},
    "fingers": "手指",
}
"""Of every plain name of the lifted joints and of a bone map's roles."""

CHINESE_REASONS = {
    NOT_SEEN_YET: "尚未出现或已离开画面：姿态保持不变",
    NOBODY_SEEN: "未检测到：由前后姿态衔接",
    MOSTLY_HIDDEN: "身体大部分不可见",
    OFF_KEYPOINTS: "姿态偏离关键点",
}
