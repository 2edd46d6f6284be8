"""Rigs that the product does not know by name, by the names that other tools and people give."""

from __future__ import annotations

from typing import Any

from core.retarget.bone_map import FINGERS
from core.retarget.scheme import RigScheme, scheme_from_data


def _fingers(pattern: str, names: str, numbers: str = "1 2 3") -> dict[str, list[str]]:
    """``pattern`` with {f} and {n} written out for each finger of ``names``, thumb first."""
    return {
        finger: [pattern.replace("{f}", name).replace("{n}", n) for n in numbers.split()]
        for finger, name in zip(FINGERS, names.split(), strict=True)
    }


def _body(midline: str, arm: str, leg: str) -> dict[str, list[str]]:
    """Parts to bones from three lists of names; names joined by + are a chain, - is no bone."""
    parts = (
        *zip(("hips", "spine", "chest", "neck", "head"), midline.split(), strict=True),
        *zip(("shoulder", "upper_arm", "forearm", "hand"), arm.split(), strict=True),
        *zip(("thigh", "shin", "foot", "toes"), leg.split(), strict=True),
    )
    return {part: names.split("+") for part, names in parts if names != "-"}


def _scheme(
    name: str,
    bones: dict[str, Any],
    sides: tuple[str, str],
    *,
    arms_down_deg: float = 0.0,
    **more: Any,
) -> RigScheme:
    return scheme_from_data(
        {
            "name": name,
            "about": "",
            "sides": {"{s}": sides},
            "rest": {"arms_down_deg": arms_down_deg, "legs_apart_deg": 3.0},
            "bones": bones,
            **more,
        }
    )


UNKNOWN_SCHEMES: tuple[RigScheme, ...] = (
    _scheme(
        "character creator",
        {
            "root": "CC_Base_BoneRoot",
            **_body(
                "CC_Base_Hip CC_Base_Waist CC_Base_Spine01+CC_Base_Spine02 "
                "CC_Base_NeckTwist01+CC_Base_NeckTwist02 CC_Base_Head",
                "CC_Base_{s}_Clavicle CC_Base_{s}_Upperarm CC_Base_{s}_Forearm CC_Base_{s}_Hand",
                "CC_Base_{s}_Thigh CC_Base_{s}_Calf CC_Base_{s}_Foot CC_Base_{s}_ToeBase",
            ),
            **_fingers("CC_Base_{s}_{f}{n}", "Thumb Index Mid Ring Pinky"),
        },
        ("L", "R"),
        arms_down_deg=40.0,
        parents={"thigh": "CC_Base_Pelvis"},
        twists={
            "thigh": ["CC_Base_{s}_ThighTwist01", "CC_Base_{s}_ThighTwist02"],
            "forearm": ["CC_Base_{s}_ForearmTwist01"],
        },
        extras=[
            {
                "bone": "CC_Base_Pelvis",
                "parent": "CC_Base_Hip",
                "from": "pelvis",
                "to": "trunk_base",
            }
        ],
    ),
    _scheme(
        "xsens",
        {
            "root": "Reference",
            **_body(
                "Hips Spine+Spine1 Spine2+Spine3 Neck Head",
                "{s}Shoulder {s}Arm {s}ForeArm {s}Hand",
                "{s}UpLeg {s}Leg {s}Foot {s}ToeBase",
            ),
            **_fingers("{s}Hand{f}{n}", "Thumb Index Middle Ring Pinky"),
        },
        ("Left", "Right"),
    ),
    _scheme(
        "advanced skeleton",
        {
            **_body(
                "Root_M Spine1_M Chest_M Neck_M Head_M",
                "Scapula_{s} Shoulder_{s} Elbow_{s} Wrist_{s}",
                "Hip_{s} Knee_{s} Ankle_{s} Toes_{s}",
            ),
            **_fingers("{f}Finger{n}_{s}", "Thumb Index Middle Ring Pinky"),
        },
        ("L", "R"),
    ),
    _scheme(
        "mgear",
        {
            "root": "root_C0_0_jnt",
            **_body(
                "spine_C0_pelvis_jnt spine_C0_01_jnt+spine_C0_02_jnt spine_C0_03_jnt+spine_C0_04_jnt "
                "neck_C0_01_jnt neck_C0_head_jnt",
                "shoulder_{s}0_0_jnt arm_{s}0_upperarm_jnt arm_{s}0_lowerarm_jnt arm_{s}0_hand_jnt",
                "leg_{s}0_thigh_jnt leg_{s}0_calf_jnt leg_{s}0_foot_jnt foot_{s}0_ball_jnt",
            ),
            "thumb": [f"thumb_{{s}}0_{n}_jnt" for n in range(3)],
            **{
                finger: [f"finger_{{s}}{number}_{n}_jnt" for n in range(3)]
                for number, finger in enumerate(FINGERS[1:])
            },
        },
        ("L", "R"),
        arms_down_deg=45.0,
    ),
    _scheme(
        "mocopi",
        _body(
            "root torso_1+torso_2+torso_3 torso_4+torso_5+torso_6+torso_7 neck_1+neck_2 head",
            "{s}_shoulder {s}_up_arm {s}_low_arm {s}_hand",
            "{s}_up_leg {s}_low_leg {s}_foot {s}_toes",
        ),
        ("l", "r"),
    ),
    _scheme(
        "source",
        {
            **_body(
                "ValveBiped.Bip01_Pelvis ValveBiped.Bip01_Spine+ValveBiped.Bip01_Spine1 "
                "ValveBiped.Bip01_Spine2+ValveBiped.Bip01_Spine4 ValveBiped.Bip01_Neck1 "
                "ValveBiped.Bip01_Head1",
                "ValveBiped.Bip01_{s}_Clavicle ValveBiped.Bip01_{s}_UpperArm "
                "ValveBiped.Bip01_{s}_Forearm ValveBiped.Bip01_{s}_Hand",
                "ValveBiped.Bip01_{s}_Thigh ValveBiped.Bip01_{s}_Calf ValveBiped.Bip01_{s}_Foot "
                "ValveBiped.Bip01_{s}_Toe0",
            ),
            **{
                finger: [f"ValveBiped.Bip01_{{s}}_Finger{end}" for end in (n, f"{n}1", f"{n}2")]
                for n, finger in enumerate(FINGERS)
            },
        },
        ("L", "R"),
        arms_down_deg=50.0,
    ),
    _scheme(
        "mb-lab",
        {
            "root": "root",
            **_body(
                "pelvis spine01 spine02+spine03 neck head",
                "clavicle_{s} upperarm_{s} lowerarm_{s} hand_{s}",
                "thigh_{s} calf_{s} foot_{s} toes_{s}",
            ),
            **_fingers("{f}0{n}_{s}", "thumb index middle ring pinky"),
        },
        ("L", "R"),
        arms_down_deg=45.0,
        parents={finger: f"{finger}00_{{s}}" for finger in FINGERS[1:]},
        extras=[
            {
                "bone": f"{finger}00_{{s}}",
                "parent": "hand_{s}",
                "from": f"left_{finger}_base",
                "to": f"left_{finger}_0",
            }
            for finger in FINGERS[1:]
        ],
    ),
    _scheme(
        "mmd",
        {
            "root": "全ての親",
            **_body(
                "センター 上半身 上半身2 首 頭",
                "{s}肩 {s}腕 {s}ひじ {s}手首",
                "{s}足 {s}ひざ {s}足首 {s}つま先",
            ),
            **{
                finger: [f"{{s}}{name}{n}" for n in digits]
                for finger, name, digits in zip(
                    FINGERS,
                    ("親指", "人指", "中指", "薬指", "小指"),
                    ("０１２", *["１２３"] * 4),
                    strict=True,
                )
            },
        },
        ("左", "右"),
        arms_down_deg=35.0,
        parents={"thigh": "下半身"},
        twists={"upper_arm": ["{s}腕捩"], "forearm": ["{s}手捩"]},
        extras=[{"bone": "下半身", "parent": "センター", "from": "trunk_base", "to": "pelvis"}],
    ),
    _scheme(
        "second life",
        _body(
            "mPelvis mTorso mChest mNeck mHead",
            "mCollar{s} mShoulder{s} mElbow{s} mWrist{s}",
            "mHip{s} mKnee{s} mAnkle{s} mFoot{s}",
        ),
        ("Left", "Right"),
    ),
    _scheme(
        "unity",
        {
            **_body(
                "Hips Spine Chest+UpperChest Neck Head",
                "{s}Shoulder {s}UpperArm {s}LowerArm {s}Hand",
                "{s}UpperLeg {s}LowerLeg {s}Foot {s}Toes",
            ),
            **_fingers(
                "{s} {f} {n}", "Thumb Index Middle Ring Little", "Proximal Intermediate Distal"
            ),
        },
        ("Left", "Right"),
    ),
    _scheme(
        "maya joints",
        _body(
            "jnt_c_pelvis jnt_c_spineA jnt_c_chest jnt_c_neck jnt_c_head",
            "jnt_{s}_clav jnt_{s}_shoulder jnt_{s}_elbow jnt_{s}_wrist",
            "jnt_{s}_hip jnt_{s}_knee jnt_{s}_ankle jnt_{s}_ball",
        ),
        ("l", "r"),
    ),
    _scheme(
        "asf",
        _body(
            "root lowerback upperback lowerneck+upperneck head",
            "{s}clavicle {s}humerus {s}radius {s}wrist",
            "{s}femur {s}tibia {s}foot {s}toes",
        ),
        ("l", "r"),
    ),
    _scheme(
        "deform bones",
        _body(
            "DEF-hips DEF-spine DEF-chest DEF-neck DEF-head",
            "DEF-shoulder.{s} DEF-upper_arm.{s}+DEF-upper_arm.{s}.001 "
            "DEF-forearm.{s}+DEF-forearm.{s}.001 DEF-hand.{s}",
            "DEF-thigh.{s}+DEF-thigh.{s}.001 DEF-shin.{s}+DEF-shin.{s}.001 DEF-foot.{s} DEF-toe.{s}",
        ),
        ("L", "R"),
    ),
    _scheme(
        "german",
        {
            **_body(
                "Hüfte Wirbelsäule Brust Hals Kopf",
                "Schulter_{s} Oberarm_{s} Unterarm_{s} Hand_{s}",
                "Oberschenkel_{s} Unterschenkel_{s} Fuß_{s} Zehen_{s}",
            ),
            **_fingers("{f}_{n}_{s}", "Daumen Zeigefinger Mittelfinger Ringfinger KleinerFinger"),
        },
        ("links", "rechts"),
        arms_down_deg=30.0,
    ),
    _scheme(
        "french",
        _body(
            "bassin colonne poitrine cou tête",
            "clavicule_{s} bras_{s} avant_bras_{s} main_{s}",
            "cuisse_{s} mollet_{s} pied_{s} orteils_{s}",
        ),
        ("g", "d"),
    ),
    _scheme(
        "spanish",
        _body(
            "cadera columna pecho cuello cabeza",
            "clavicula.{s} brazo.{s} antebrazo.{s} mano.{s}",
            "muslo.{s} pantorrilla.{s} pie.{s} puntera.{s}",
        ),
        ("izq", "der"),
    ),
    _scheme(
        "chinese",
        _body(
            "骨盆 脊椎 胸 脖子 头", "{s}锁骨 {s}上臂 {s}前臂 {s}手", "{s}大腿 {s}小腿 {s}脚 {s}脚趾"
        ),
        ("左", "右"),
    ),
    _scheme(
        "auto-rig pro",
        {
            **_body(
                "root.x spine_01.x spine_02.x+spine_03.x neck.x head.x",
                "shoulder.{s} arm_stretch.{s} forearm_stretch.{s} hand.{s}",
                "thigh_stretch.{s} leg_stretch.{s} foot.{s} toes_01.{s}",
            ),
            **_fingers("{f}{n}.{s}", "thumb index middle ring pinky"),
        },
        ("l", "r"),
    ),
    _scheme(
        "source 2",
        {
            **_body(
                "bip_pelvis bip_spine_0+bip_spine_1 bip_spine_2+bip_spine_3 bip_neck bip_head",
                "bip_collar_{s} bip_upperArm_{s} bip_lowerArm_{s} bip_hand_{s}",
                "bip_hip_{s} bip_knee_{s} bip_foot_{s} bip_toe_{s}",
            ),
            **_fingers("bip_{f}_{n}_{s}", "thumb index middle ring pinky", "0 1 2"),
        },
        ("L", "R"),
        arms_down_deg=40.0,
    ),
    _scheme(
        "brackets",
        {
            part: [name.replace("~", " ") for name in names]
            for part, names in _body(
                "NPC~Pelvis~[Pelv] NPC~Spine~[Spn0] NPC~Spine1~[Spn1]+NPC~Spine2~[Spn2] "
                "NPC~Neck~[Neck] NPC~Head~[Head]",
                "NPC~{s}~Clavicle~[{s}Clv] NPC~{s}~UpperArm~[{s}Uar] NPC~{s}~Forearm~[{s}Lar] "
                "NPC~{s}~Hand~[{s}Hnd]",
                "NPC~{s}~Thigh~[{s}Thg] NPC~{s}~Calf~[{s}Clf] NPC~{s}~Foot~[{s}ft~] "
                "NPC~{s}~Toe0~[{s}Toe]",
            ).items()
        },
        ("L", "R"),
    ),
    _scheme(
        "skel",
        {
            "root": "SKEL_ROOT",
            **_body(
                "SKEL_Pelvis SKEL_Spine0+SKEL_Spine1 SKEL_Spine2+SKEL_Spine3 SKEL_Neck_1 SKEL_Head",
                "SKEL_{s}_Clavicle SKEL_{s}_UpperArm SKEL_{s}_Forearm SKEL_{s}_Hand",
                "SKEL_{s}_Thigh SKEL_{s}_Calf SKEL_{s}_Foot SKEL_{s}_Toe0",
            ),
            **{
                finger: [f"SKEL_{{s}}_Finger{number}{n}" for n in range(3)]
                for number, finger in enumerate(FINGERS)
            },
        },
        ("L", "R"),
    ),
    _scheme(
        "biomechanics",
        _body(
            "pelvis - torso neck head",
            "clavicle_{s} humerus_{s} radius_{s} hand_{s}",
            "femur_{s} tibia_{s} talus_{s} toes_{s}",
        ),
        ("l", "r"),
    ),
    _scheme(
        "portuguese",
        _body(
            "quadril coluna peito pescoco cabeca",
            "clavicula_{s} braco_{s} antebraco_{s} mao_{s}",
            "coxa_{s} canela_{s} pe_{s} ponta_{s}",
        ),
        ("esq", "dir"),
    ),
    _scheme(
        "no frills",
        _body(
            "pelvis - torso - head",
            "- arm{s} forearm{s} -",
            "leg{s} knee{s} foot{s} -",
        ),
        ("Left", "Right"),
    ),
)
"""Rigs by the names that other tools and people give, none of which has a scheme file."""
