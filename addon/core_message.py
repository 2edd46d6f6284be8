"""What core says, in Chinese: core knows of no language, so its sentences are recognised by their shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

CHINESE_CORE_MESSAGES = {
    # What was found of a clip and done to it: warnings below the result.
    "frame rate unknown: took {rate} frames per second (give --fps)": (
        "帧率未知：按每秒 {rate} 帧处理（请在“源”中给出帧率）"
    ),
    "image size unknown: took {width}x{height} from the keypoints' extent (give --image-size)": (
        "画面尺寸未知：按关键点的分布取 {width}x{height}（请在“源”中给出尺寸）"
    ),
    "the video is shorter than the keypoints: took a constant frame rate": (
        "视频比关键点短：按恒定帧率处理"
    ),
    "the video beside the keypoints was not used: {error}": "未使用关键点旁边的视频：{error}",
    "the video ends after {read} of {listed} frames: cut short?": (
        "视频在第 {read} 帧结束，应有 {listed} 帧：文件是否不完整？"
    ),
    "not kept: {error}": "未保存：{error}",
    "keypoints on about every {stride}. frame only: the frames between are interpolated": (
        "大约每 {stride} 帧才有一次关键点：其间的帧由插值得到"
    ),
    "frames without a detection: {absent} of {frames}": "未检测到人物的帧：{frames} 帧中有 {absent} 帧",
    "frames where left and right were swapped back: {count}": "左右互换并已纠正的帧：{count}",
    "outlying joint positions removed: {count}": "已去除的异常关节位置：{count}",
    "doubtful or missing joint positions interpolated over short gaps: {count} ({share} %)": (
        "短暂缺失或不可靠、由插值补全的关节位置：{count} ({share} %)"
    ),
    "frames in longer gaps, kept as missing: {count} of {frames}": (
        "较长的缺失，保持为缺失的帧：{frames} 帧中有 {count} 帧"
    ),
    "duplicate detections of a person in a frame, left out: {count}": (
        "同一帧中重复检测到的人物，已略去：{count}"
    ),
    "false or momentary detections of people, left out: {count}": (
        "错误或短暂的人物检测，已略去：{count}"
    ),
    "people who left and came back, taken as the same person: {count}": (
        "离开后返回、视为同一人的人物：{count}"
    ),
    "people found: {count}": "找到的人数：{count}",
    "the detector's track ids {reason}: people were followed without them": (
        "检测器的跟踪编号不可用 ({reason})：已改为自行跟踪人物"
    ),
    "{count} keypoints were NaN, infinite or absurdly far away, counted as missing (first: frame "
    "{frame}, {joint})": (
        "{count} 个关键点为 NaN、无穷大或远得不合理，计为缺失（首个：第 {frame} 帧，{joint}）"
    ),
    "confidence reaches {high}: divided by that to lie in 0..1": (
        "置信度最大为 {high}：已除以该值，使其位于 0 到 1"
    ),
    "frames were out of order (first: {later} after {earlier}): sorted": (
        "帧的顺序有误（首处：{earlier} 之后是 {later}）：已排序"
    ),
    "the file's person ids repeat within a frame: ignored, people are tracked": (
        "文件中的人物编号在同一帧内重复：已忽略，改为自行跟踪人物"
    ),
    "{faulty} of {all} frame files could not be used and count as missing frames (first: {fault})": (
        "{all} 个帧文件中有 {faulty} 个无法使用，计为缺失的帧（首个：{fault}）"
    ),
    "only {share} of the body's joints were seen: most of the pose is a guess": (
        "仅看到身体关节的 {share}：姿态大部分为推测"
    ),
    "planted feet are out of the legs' reach: the body was moved by up to {metres} m to them (frame "
    "{frame})": "固定的双脚超出腿的可及范围：身体最多移动了 {metres} 米以到达（第 {frame} 帧）",
    "person {number} does not stand on the ground of the others": (
        "人物 {number} 与其他人不在同一地面上"
    ),
    "the camera path has no metres_per_unit, and no feet tell it: its unit was taken for a metre": (
        "摄像机路径没有 metres_per_unit，也无法由双脚推断：其单位按一米处理"
    ),
    "a standing foot is off the floor in {far} of {all} frames, by up to {mm} mm: with legs that point "
    "as the person's, both feet cannot stand; reaching with the feet bends the legs instead": (
        "站立的脚在 {all} 帧中有 {far} 帧离开地面，最多 {mm} 毫米：双腿按人物的方向摆放时，"
        "双脚无法同时站住；启用“双脚到达”会改为弯曲腿部"
    ),
    "{extremity} are out of reach in {far} of {all} frames, by up to {mm} mm": (
        "{extremity} 在 {all} 帧中有 {far} 帧超出可及范围，最多 {mm} 毫米"
    ),
    "action {action} of armature {rig} plays over the NLA strip {strip}: push it down or unlink it to "
    "see the strip": (
        "骨架 {rig} 的动作 {action} 覆盖了 NLA 片段 {strip}：请将其下推或取消关联，以便看到该片段"
    ),
    "armature {rig}: locked channels stay as they are, so these bones move otherwise than was solved: "
    "{bones}": "骨架 {rig}：锁定的通道保持不变，因此这些骨骼的运动与求解结果不同：{bones}",
    "armature {rig}: these bones are connected to their parents and cannot travel: {bones}": (
        "骨架 {rig}：这些骨骼与父级相连，无法移动：{bones}"
    ),
    # Why a clip or a character cannot be used.
    "{path}: no such file or folder": "{path}：文件或文件夹不存在",
    "{path}: cannot be read: {reason}": "{path}：无法读取：{reason}",
    "{path}: expected keypoints, found an empty file": "{path}：应为关键点，实为空文件",
    "{path}: nobody in any of {count} frames": "{path}：{count} 帧中均没有人物",
    "{path}: not valid JSON: {reason}": "{path}：不是有效的 JSON：{reason}",
    "{path}: no person {number}: {count} in the clip": (
        "{path}：没有人物 {number}：片段中共有 {count} 人"
    ),
    "{path}: expected an MP4, MOV, MKV, WebM or AVI video, found none": (
        "{path}：应为 MP4、MOV、MKV、WebM 或 AVI 视频，但不是"
    ),
    "{path}: expected an MP4 header (moov), found none: cut short?": (
        "{path}：缺少 MP4 头 (moov)：文件是否不完整？"
    ),
    "{path}: expected a video track, found none": "{path}：没有视频轨",
    "{path}: expected a video that can be decoded, found one whose codec is not known here: convert it "
    "to H.264 in an MP4": "{path}：无法解码此视频的编码：请转换为 MP4 中的 H.264",
    "{path}: expected video frames, found none that can be decoded: it is cut short, or its codec "
    "({codec}) is not known here: convert it to H.264 in an MP4": (
        "{path}：没有可解码的视频帧：文件不完整，或编码 ({codec}) 不受支持：请转换为 MP4 中的 H.264"
    ),
    "{path}: expected a frame {first}, found {count} frames (from 0)": (
        "{path}：应有第 {first} 帧，实有 {count} 帧（从 0 开始）"
    ),
    "videos need OpenCV, which did not load ({reason}): install the full package of this add-on for "
    "your system, or give keypoints of another program": (
        "处理视频需要 OpenCV，但未能加载 ({reason})："
        "请安装适用于您系统的完整版插件，或使用其他软件生成的关键点"
    ),
    "the calibration is for {width}x{height} px, the clip is {own_width}x{own_height} px": (
        "校准适用于 {width}x{height} 像素，片段为 {own_width}x{own_height} 像素"
    ),
    "{path}: expected the name of one of its cameras: {names}": (
        "{path}：请给出其中一台摄像机的名称：{names}"
    ),
    "{path}: expected one of its cameras ({names}), found {name}": (
        "{path}：应为其中一台摄像机 ({names})，实为 {name}"
    ),
    "cannot write {path}: {reason}": "无法写入 {path}：{reason}",
    "armature {rig} has no bones: add them, or pick another armature": (
        "骨架 {rig} 没有骨骼：请添加骨骼，或选择其他骨架"
    ),
    "armature {rig} is in Edit Mode: leave it first (Tab)": (
        "骨架 {rig} 处于编辑模式：请先退出 (Tab)"
    ),
    "armature {rig} shows its rest position: set it to Pose Position, in its data properties under "
    "Pose": "骨架 {rig} 显示的是静置位置：请在其数据属性的“姿态”中设为姿态位置",
    "{frames} frames from frame {start} on end at frame {end}, after Blender's last frame, {last}": (
        "{frames} 帧从第 {start} 帧开始，到第 {end} 帧结束，超过 Blender 的最后一帧 {last}"
    ),
}
"""Of sentences with names in braces for what differs; the first one counts where two fit."""

_NAME = re.compile(r"\{(\w+)\}")


def recognise(text: str) -> tuple[str, Mapping[str, str]] | None:
    """The sentence that ``text`` is, with names for what differs, and what stands there; None: unknown."""
    for template, pattern in _patterns().items():
        found = pattern.fullmatch(text)
        if found is not None:
            return template, found.groupdict()
    return None


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {template: _pattern(template) for template in CHINESE_CORE_MESSAGES}


def _pattern(template: str) -> re.Pattern[str]:
    parts = _NAME.split(template)
    texts, names = parts[::2], parts[1::2]
    groups = [f"(?P<{name}>.+?)" for name in names] + [""]
    return re.compile(
        "".join(re.escape(text) + group for text, group in zip(texts, groups, strict=True)),
        re.DOTALL,
    )
