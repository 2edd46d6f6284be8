"""What can be chosen of corrections, and the Chinese of everything that their sub-panel says."""

from __future__ import annotations

from ..core.correction import JOINTS
from .plain_name import plain_name

PART_ITEMS = (
    ("body", "Whole Body", "Arms, legs and face"),
    ("arms", "Arms", "Shoulders, elbows and wrists alone"),
    ("legs", "Legs", "Hips, knees, ankles and feet alone"),
)
JOINT_ITEMS = tuple((name, plain_name(name), "") for name in JOINTS)
FOOT_ITEMS = (
    ("left", "Left Foot", "The person's own left, not the picture's"),
    ("right", "Right Foot", "The person's own right, not the picture's"),
)

CHINESE_CORRECTION_PANEL = {"Corrections": "修正"}

CHINESE_CORRECTION_OPERATORS = {
    "Mark: Left and Right Swapped": "标记：左右互换",
    "Mark: Joint Wrong": "标记：关节错误",
    "Mark: Foot Planted": "标记：脚踩实",
    "Remove Correction": "移除修正",
    "Import Corrections": "导入修正",
    "Export Corrections": "导出修正",
    "Import": "导入",
    "Export": "导出",
}

CHINESE_CORRECTIONS = {
    "Whole Body": "全身",
    "Arms, legs and face": "手臂、腿和面部",
    "Arms": "手臂",
    "Shoulders, elbows and wrists alone": "仅肩、肘和腕",
    "Legs": "腿",
    "Hips, knees, ankles and feet alone": "仅髋、膝、踝和脚",
    "Left Foot": "左脚",
    "The person's own left, not the picture's": "人物自身的左侧，而不是画面的左侧",
    "Right Foot": "右脚",
    "The person's own right, not the picture's": "人物自身的右侧，而不是画面的右侧",
    "left eye": "左眼",
    "right eye": "右眼",
    "left ear": "左耳",
    "right ear": "右耳",
    "left big toe": "左大脚趾",
    "right big toe": "右大脚趾",
    "left small toe": "左小脚趾",
    "right small toe": "右小脚趾",
    "First scene frame": "起始的场景帧",
    "Frames": "帧",
    "How many scene frames, the first one included": "场景帧的数量，包括起始帧",
    "Part": "部位",
    "What has its sides mixed up": "哪些部位左右混淆",
    "Swapped": "已互换",
    "Off: the sides are right as detected, and the automatic repair leaves them alone": (
        "关闭：检测到的左右是正确的，自动修复不作更改"
    ),
    "Joint": "关节",
    "Whose keypoint is ignored; what is seen before, after and of other joints tells where it is": (
        "忽略哪个关节的关键点；其位置由前后帧和其他关节推知"
    ),
    "Foot": "脚",
    "Which foot": "哪只脚",
    "Planted": "踩实",
    "Off: the foot does not stand here, whatever is found": "关闭：无论检测结果如何，脚在此处没有站立",
    "Say that the detector took left for right from the current frame on, or in the preview range": (
        "指出检测器从当前帧起（或在预览范围内）把左右弄反了"
    ),
    "Say that a joint was detected at a wrong place from the current frame on, or in the preview range": (
        "指出从当前帧起（或在预览范围内）某个关节的检测位置是错误的"
    ),
    "Say that a foot stands still from the current frame on, or in the preview range": (
        "指出从当前帧起（或在预览范围内）某只脚站立不动"
    ),
    "Take this correction away": "移除此项修正",
    "Add the corrections in a JSON file to those of this clip": (
        "将 JSON 文件中的修正添加到此片段的修正中"
    ),
    "Write this clip's corrections to a JSON file, for the command line or another file": (
        "将此片段的修正写入 JSON 文件，供命令行或其他文件使用"
    ),
    "left and right swapped": "左右互换",
    "arms swapped": "左右手臂互换",
    "legs swapped": "左右腿互换",
    "sides as detected": "左右以检测为准",
    "arms as detected": "手臂以检测为准",
    "legs as detected": "腿以检测为准",
    "{joint} wrong": "{joint}错误",
    "left foot planted": "左脚踩实",
    "right foot planted": "右脚踩实",
    "left foot not planted": "左脚未踩实",
    "right foot not planted": "右脚未踩实",
    "{first} to {last}: {what}": "{first} 至 {last}：{what}",
    "Marked: lift again to see it": "已标记：重新转换后可见",
    "Corrections read: {count}": "已读取修正：{count} 项",
    "these frames of the scene are not in the clip": "场景的这些帧不在片段中",
    "the clip's keypoints are there: choose another place": "片段的关键点就在那里：请选择其他位置",
}
