"""The interface in Chinese: texts as in the code and what Blender shows for them.

Blender translates names, descriptions and the literal texts of layouts by itself; texts that are put
together ask for theirs. What core says (errors, warnings, formats) stays as it is.
"""

from __future__ import annotations

from typing import cast

import bpy
from bpy.app.translations import contexts

from .core_message import CHINESE_CORE_MESSAGES, recognise
from .correction_text import (
    CHINESE_CORRECTION_OPERATORS,
    CHINESE_CORRECTION_PANEL,
    CHINESE_CORRECTIONS,
)
from .plain_name import CHINESE_NAMES, CHINESE_REASONS

PANEL_CONTEXT = "LiftPanel"
"""Of words that Blender translates in another sense: keys of a shape, feet as a unit."""


def translate_label(text: str) -> str:
    """``text`` as labels show it in the user's language."""
    return cast(str, bpy.app.translations.pgettext_iface(text))


def translate_message(text: str) -> str:
    """``text`` as reports show it in the user's language."""
    return cast(str, bpy.app.translations.pgettext_rpt(text))


def translate_core(text: str) -> str:
    """A sentence of core's as reports show it in the user's language; English where it is not known."""
    known = recognise(text)
    if known is None:
        return text
    template, values = known
    translated = translate_message(template)
    if translated == template:
        return text
    # What differs may be a sentence of its own.
    return translated.format(**{name: translate_core(value) for name, value in values.items()})


_CHINESE_LABELS = {
    "Lift": "提升",
    "Lift Presets": "视频转三维预设",
    "2D Keypoints": "二维关键点",
    "Video or 2D Keypoints": "视频或二维关键点",
    "Source": "源",
    "Video": "视频",
    "Person": "人物",
    "Camera": "摄像机",
    "Lens": "镜头",
    "Automatic": "自动",
    "Field of View": "视野",
    "Calibration": "校准",
    "Video Camera": "视频摄像机",
    "Smoothness": "平滑度",
    "Lock Feet": "锁定双脚",
    "Height": "高度",
    "Target": "目标",
    "New Armature": "新建骨架",
    "My Character": "我的角色",
    "Kind": "类型",
    "Character": "角色",
    "Replace Last Result": "替换上次结果",
    "Picture Size": "画面尺寸",
    "Frame Rate": "帧率",
    "Frames": "帧",
    "First Video Frame": "视频首帧",
    "Last Video Frame": "视频末帧",
    "Bone Map": "骨骼映射",
    "Hands Reach": "双手到达",
    "Feet Reach": "双脚到达",
    "Root Motion": "根运动",
    "Hips": "髋部",
    "Root Bone": "根骨骼",
    "Object": "物体",
    "In Place": "原地",
    "First Frame": "首帧",
    "Keep Scene Rate": "保持场景帧率",
    "Reduce Keys": "精简关键帧",
    "Bound (mm)": "误差上限 (mm)",
    "FBX For": "FBX 用于",
    "Any Program": "任意软件",
    "Model": "模型",
    "Cache Folder": "缓存文件夹",
    "Distances": "偏差",
    "Show": "显示",
}

_CHINESE_PANEL = {
    "Lift Video to 3D": "视频转三维动作",
    "Camera": "摄像机",
    "Motion": "动作",
    "Height": "身高",
    "Target": "目标",
    "Reach": "到达",
    "Hands": "双手",
    "Feet": "双脚",
    "Keys": "关键帧",
    "Frames": "帧范围",
    "Result": "结果",
    **CHINESE_CORRECTION_PANEL,
}

_CHINESE_DESCRIPTIONS = {
    "A video, a file of 2D keypoints, or any file of a folder that has one per frame": (
        "视频，或二维关键点文件；每帧一个文件时，可选文件夹中的任一文件"
    ),
    "Where what was found in videos is kept, so that it need not be looked for again; empty: among the "
    "extension's own files": (
        "保存在视频中检测到的结果，以免重复检测；留空则存放在扩展自己的文件夹中"
    ),
    "Tells frame rate and picture size, and is shown behind the rig; empty: the one beside the "
    "keypoints, where there is one": (
        "提供帧率和画面尺寸，并显示在骨架后面；留空则使用关键点旁边的视频（如果有）"
    ),
    "Frames per second of the video: the keypoints do not tell it": (
        "视频每秒的帧数：关键点中没有此信息"
    ),
    "Width and height of the video in pixels, which the keypoints do not tell; 0: from where the "
    "keypoints lie": "视频的宽度和高度（像素）：关键点中没有此信息；0 表示按关键点的分布估计",
    "Look at a part of the video alone": "仅处理视频的一部分",
    "First frame of the video to look at, counted from 0": "要处理的首个视频帧，从 0 开始计数",
    "Last frame of the video to look at, counted from 0": "要处理的最后一个视频帧，从 0 开始计数",
    "Whose motion is lifted": "转换谁的动作",
    "How the lens is known": "镜头参数从何而来",
    "Take 50 degrees across the longer side of the picture": "画面长边取 50 度视野",
    "The lens's horizontal field of view is known": "镜头的水平视野已知",
    "A calibration file knows the lens and where the camera stood": (
        "由校准文件给出镜头参数和摄像机位置"
    ),
    "Horizontal, in degrees": "水平方向，以度为单位",
    "An OpenCV-style calibration (TOML)": "OpenCV 格式的校准文件 (TOML)",
    "The camera's name in the calibration": "摄像机在校准文件中的名称",
    "Place a camera where the video's stood, with the video behind": (
        "在拍摄视频的位置放置摄像机，并以视频为背景"
    ),
    "0 keeps every movement, 1 is very smooth": "0 保留所有动作，1 非常平滑",
    "Feet that stand are held still": "站立的脚保持不动",
    "The person's height is known": "人物的身高已知",
    "Of the person": "人物的身高",
    "Whose bones move": "让谁的骨骼运动",
    "Build an armature in the person's size": "按人物的体型新建骨架",
    "Put the motion on an armature of this scene": "将动作应用到此场景中的骨架",
    "Bone names, hierarchy and rest pose of the new armature": ("新骨架的骨骼名称、层级和静置姿态"),
    "Lifting the same person again puts the new armature in the place of the last one, with its keys, "
    "unless that was moved, has other motion or is used by something else": (
        "再次转换同一人物时，新骨架及其关键帧取代上次的骨架；"
        "若上次的骨架已被移动、带有其他动作或被其他内容使用，则予以保留"
    ),
    "The armature that is to move": "要运动的骨架",
    "A JSON file that says which bones play which part; empty: found by itself": (
        "说明各骨骼对应身体哪一部分的 JSON 文件；留空则自动识别"
    ),
    "Bend the arms so that the hands come where the person's are": (
        "弯曲手臂，使双手到达人物双手的位置"
    ),
    "Bend the legs so that the feet come where the person's are": (
        "弯曲腿部，使双脚到达人物双脚的位置"
    ),
    "Who carries the travel": "由谁承载位移",
    "The hips carry the travel": "由髋部承载位移",
    "The root bone carries travel and heading": "由根骨骼承载位移和朝向",
    "The armature object carries travel and heading": "由骨架物体承载位移和朝向",
    "No horizontal travel": "没有水平位移",
    "Scene frame of the first pose": "第一个姿态所在的场景帧",
    "Resample the motion to the scene's frame rate instead of changing that": (
        "将动作重新采样到场景帧率，而不是更改场景帧率"
    ),
    "Leave out keys within a bound": "在误差上限内省去关键帧",
    "How far any bone's end may be off where keys are left out": (
        "省去关键帧后，任一骨骼末端允许的最大偏差"
    ),
    "Trained weights (npz) that lift the keypoints; empty: the bundled ones": (
        "用于转换关键点的训练权重 (npz)；留空则使用自带的权重"
    ),
    "Whose way FBX files go": "FBX 文件按谁的方式导出",
    "Blender's own axes and units": "Blender 自身的坐标轴和单位",
    "Deforming bones alone, in metres": "仅形变骨骼，以米为单位",
    "Deforming bones alone, in centimetres": "仅形变骨骼，以厘米为单位",
    "Lift a video, or its 2D keypoints (a file, or one per frame), to an animated armature": (
        "将视频或其二维关键点（一个文件，或每帧一个文件）转换为带动画的骨架"
    ),
    "Choose a video, a file of 2D keypoints, or any file of a folder that has one per frame": (
        "选择要转换的内容：视频或关键点文件；每帧一个文件时，可选文件夹中的任一文件"
    ),
    "Lift the chosen person to 3D and put the motion on the chosen rig; ESC cancels": (
        "将所选人物转换为三维动作，并应用到所选骨架；按 ESC 取消"
    ),
    "This scene is linked from another file: nothing in it can change": (
        "此场景链接自另一文件：其中的内容无法更改"
    ),
    "Stop lifting; the scene stays as it was": "停止转换；场景保持原样",
    "Write the armature with its motion to a file; its ending says the format": (
        "将骨架及其动作写入文件；格式由扩展名决定"
    ),
    "Look through the video's camera, or back: the rig lies over the person": (
        "切换到视频摄像机视角，或切换回来：骨架与人物重合"
    ),
    "Draw what was detected over the video, seen through its camera: blue where the detector was "
    "sure, red where it was not": (
        "通过视频摄像机观看时，在视频上绘制检测结果：检测器确定处为蓝色，不确定处为红色"
    ),
    "Draw a line from each detected joint to where the lifted one is seen, through the video's camera": (
        "通过视频摄像机观看时，从检测到的每个关节向转换所得关节的位置画线"
    ),
    "Show this frame": "显示此帧",
    "Find out again which bone plays which part, after the armature was changed": (
        "骨架更改后，重新识别各骨骼对应身体哪一部分"
    ),
    "Keep the choices of the panel under a name, or remove the chosen preset": (
        "以名称保存面板中的选项，或移除所选预设"
    ),
}

_CHINESE_SCHEMES = {
    "3ds Max's Biped, and Source's ValveBiped.Bip01_ with the same parts: A pose.": (
        "3ds Max 的 Biped，以及结构相同的 Source 引擎 ValveBiped.Bip01_：A 姿势。"
    ),
    "The CMU motion capture database converted to BVH: T pose. One finger and the thumb have a bone"
    " each.": "CMU 动作捕捉数据库转换的 BVH：T 姿势。拇指和一根手指各有一根骨骼。",
    "Daz Genesis 8, and Genesis 3 with the same names: A pose. Limbs but the shin are a bend and a "
    "twist bone, one below the other.": (
        "Daz Genesis 8，以及名称相同的 Genesis 3：A 姿势。"
        "除小腿外，四肢各由上下相接的弯曲骨骼和扭转骨骼组成。"
    ),
    "The armature that the product builds on its own: Rigify-like names, T pose, local X is every "
    "hinge.": "本插件自建的骨架：名称类似 Rigify，T 姿势，关节均绕局部 X 轴弯曲。",
    "MakeHuman's default rig, with face and toes left out: A pose. Limbs are two bones, one below the "
    "other. (MakeHuman's game engine rig has the names of 'unreal'.)": (
        "MakeHuman 的默认骨架，不含面部和脚趾：A 姿势。四肢由上下相接的两根骨骼组成。"
        "（MakeHuman 的游戏引擎骨架使用 'unreal' 的名称。）"
    ),
    "MetaHuman's body: Unreal Engine 5's names with corrective bones and toes of their own, without "
    "IK bones. A pose; bones along Y, as Blender's are.": (
        "MetaHuman 的身体：Unreal Engine 5 的名称，另有修正骨骼和脚趾，没有 IK 骨骼。"
        "A 姿势；骨骼沿 Y 轴，与 Blender 一致。"
    ),
    "Mixamo's auto-rigger: T pose, bones along their own Y with Mixamo's own rolls. The prefix may be "
    "absent or numbered (mixamorig1:).": (
        "Mixamo 自动绑定：T 姿势，骨骼沿自身 Y 轴，扭转角为 Mixamo 自有。前缀可省略或带编号 (mixamorig1:)。"
    ),
    "A rig generated by Rigify from the human metarig: its FK controls, the torso control for the "
    "hips. Built without a file it is a plain hierarchy of these controls.": (
        "Rigify 由人体元骨架生成的骨架：使用其 FK 控制器，髋部使用躯干控制器。"
        "无文件新建时，是由这些控制器组成的普通层级。"
    ),
    "Rigify's human metarig: T pose, local X is every hinge.": (
        "Rigify 的人体元骨架：T 姿势，关节均绕局部 X 轴弯曲。"
    ),
    "The SMPL body model's joints as bones: T pose. Its ankle is the foot's bone and its foot the "
    "toes'. The prefix may be m_avg_ or f_avg_.": (
        "以 SMPL 人体模型的关节为骨骼：T 姿势。其 ankle 是脚的骨骼，foot 是脚趾的骨骼。"
        "前缀可为 m_avg_ 或 f_avg_。"
    ),
    "Unreal Engine 4's mannequin: A pose. Its bones run along their own X; here they run along Y, as "
    "Blender's do.": (
        "Unreal Engine 4 的人体模型：A 姿势。其骨骼沿自身 X 轴；此处沿 Y 轴，与 Blender 一致。"
    ),
    "Unreal Engine 5's mannequins Manny and Quinn: A pose. Their bones run along their own X; here "
    "they run along Y, as Blender's do.": (
        "Unreal Engine 5 的人体模型 Manny 和 Quinn：A 姿势。"
        "其骨骼沿自身 X 轴；此处沿 Y 轴，与 Blender 一致。"
    ),
    "VRoid Studio's VRM avatars: T pose.": "VRoid Studio 的 VRM 虚拟形象：T 姿势。",
}

_CHINESE_MESSAGES = {
    "{frames} frames, {fps:g} fps, {size} px": "{frames} 帧，{fps:g} fps，{size} 像素",
    "Person {number}: {frames} frames": "人物 {number}：{frames} 帧",
    "{distance:.1f} px from the video's keypoints": "与视频关键点相差 {distance:.1f} 像素",
    "{joint} {distance:.1f} px": "{joint} {distance:.1f} 像素",
    "Go to frame {frame}: {why}": "转到第 {frame} 帧：{why}",
    "Bones: {found} of {all} parts": "骨骼：{all} 个部位中的 {found} 个",
    "Needed and not found: {parts}": "缺少必需部位：{parts}",
    "Not found, and left at rest: {parts}": "未找到，保持静置：{parts}",
    "{guessed} of {frames} frames are a guess": "{frames} 帧中有 {guessed} 帧为推测",
    "every frame can be trusted": "每一帧都可信",
    "{frames} frames, {people} people: press Lift Video to 3D": (
        "{frames} 帧，{people} 人：请按“视频转三维动作”"
    ),
    "Lifting: {stage} ({share:.0%}); ESC cancels": "正在转换：{stage} ({share:.0%})；按 ESC 取消",
    "{stage}, {seconds:.0f} s left": "{stage}，剩余 {seconds:.0f} 秒",
    "reading": "读取",
    "detecting": "检测人物",
    "cleaning": "清理",
    "lifting": "转换",
    "fitting": "拟合",
    "world": "世界空间",
    "bones": "骨骼",
    "lifted": "转换完成",
    "Cancelled: nothing was changed": "已取消：未作任何更改",
    "Wrote {path}": "已写入 {path}",
    "choose a video or 2D keypoints": "请选择视频或二维关键点",
    "video: its people are found when it is lifted": "视频：转换时检测其中的人物",
    "expected a last frame of at least {first}, found {last}": (
        "最后一帧应不小于 {first}，实际为 {last}"
    ),
    "{frames} frames of video: press Lift Video to 3D": "视频共 {frames} 帧：请按“视频转三维”",
    "the lens is to come from a calibration: choose its file under Camera": (
        "镜头参数来自校准：请在“摄像机”中选择校准文件"
    ),
    "the motion is to go on your character: choose its armature under Target": (
        "动作要应用到您的角色：请在“目标”中选择其骨架"
    ),
    "the scene keeps its frame rate: the video behind runs at its own": (
        "场景保持自身帧率：背景视频按其原有帧率播放"
    ),
    "{model}: no such file: choose another model in the preferences, or none": (
        "{model}：文件不存在：请在偏好设置中选择其他模型，或留空"
    ),
}

_CHINESE_OPERATORS = {
    "Lift Video to 3D": "视频转三维动作",
    "Cancel": "取消",
    "Open Video or 2D Keypoints": "打开视频或二维关键点",
    "Import Video or Keypoints to 3D Animation": "导入视频或关键点为三维动画",
    "Video or 2D Keypoints to 3D Animation": "视频或二维关键点转三维动画",
    "Export Animation": "导出动画",
    "Match to Video": "匹配视频",
    "Go to Frame": "转到帧",
    "Find Bones Again": "重新识别骨骼",
    **CHINESE_CORRECTION_OPERATORS,
    "Add Lift Preset": "添加视频转三维预设",
}

_CHINESE_TEXTS = {
    **CHINESE_NAMES,
    **CHINESE_REASONS,
    **CHINESE_CORE_MESSAGES,
    **CHINESE_CORRECTIONS,
    **_CHINESE_LABELS,
    **_CHINESE_DESCRIPTIONS,
    **_CHINESE_SCHEMES,
    **_CHINESE_MESSAGES,
}

TRANSLATIONS = {
    "zh_HANS": {
        **{(contexts.default, text): chinese for text, chinese in _CHINESE_TEXTS.items()},
        **{(PANEL_CONTEXT, text): chinese for text, chinese in _CHINESE_PANEL.items()},
        **{(contexts.operator_default, text): name for text, name in _CHINESE_OPERATORS.items()},
    }
}
"""By language and (context, text): what ``bpy.app.translations`` takes."""
