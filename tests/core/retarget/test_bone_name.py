"""A bone's name tells its side and its part, in many spellings, or that it plays none."""

from __future__ import annotations

import pytest

from core.retarget.bone_name import BoneName, plain_name, read_bone_names


def read(name: str, *others: str) -> BoneName:
    return read_bone_names((name, *others))[0]


@pytest.mark.parametrize(
    ("name", "side", "part"),
    [
        ("thigh.L", ".L", "thigh"),
        ("thigh_l", ".L", "thigh"),
        ("L-thigh", ".L", "thigh"),
        ("LeftUpLeg", ".L", "thigh"),
        ("leftupleg", ".L", "thigh"),
        ("UPPER_LEG_LEFT", ".L", "thigh"),
        ("mixamorig:RightUpLeg", ".R", "thigh"),
        ("mixamorig12:RightUpLeg", ".R", "thigh"),
        ("Armature|Hero:thigh.R", ".R", "thigh"),
        ("Bip01 R Thigh", ".R", "thigh"),
        ("ValveBiped.Bip01_R_Calf", ".R", "shin"),
        ("J_Bip_R_LowerLeg", ".R", "shin"),
        ("CC_Base_R_Forearm", ".R", "forearm"),
        ("DEF-forearm.R.001", ".R", "forearm"),
        ("arm_R0_lowerarm_jnt", ".R", "forearm"),
        ("mElbowRight", ".R", "forearm"),
        ("rForeArm", ".R", "forearm"),
        ("lShldrBend", ".L", "upper_arm"),
        ("Oberarm_links", ".L", "upper_arm"),
        ("Fuß.R", ".R", "foot"),
        ("左ひじ", ".L", "forearm"),
        ("ひじ.L", ".L", "forearm"),
        ("右足首", ".R", "foot"),
        ("左人指１", ".L", "index"),
        ("LeftHandThumb1", ".L", "thumb"),
        ("f_pinky.02.R", ".R", "pinky"),
        ("lMid2", ".L", "middle"),
        ("Hüfte", "", "hips"),
        ("hip", "", "hips"),
        ("CC_Base_NeckTwist01", "", "neck"),
        ("spine.003", "", "spine"),
        ("tête", "", "head"),
    ],
)
def test_side_and_part_are_read(name: str, side: str, part: str) -> None:
    found = read(name)
    assert found.side == side
    assert max(found.parts, key=lambda part: found.parts[part]) == part


@pytest.mark.parametrize(
    ("name", "partner", "part"),
    [
        ("lfemur", "rfemur", "thigh"),
        ("bras_g", "bras_d", "upper_arm"),
        ("muslo.izq", "muslo.der", "thigh"),
        ("Bein_li", "Bein_re", "thigh"),
    ],
)
def test_words_that_may_be_a_side_are_one_beside_the_other(
    name: str, partner: str, part: str
) -> None:
    left, right = read_bone_names((name, partner))
    assert (left.side, right.side) == (".L", ".R")
    assert part in left.parts and part in right.parts
    assert read(name).side == ""


@pytest.mark.parametrize(
    "name",
    [
        *("hand_ik.L", "IK_foot.R", "MCH-thigh.L", "knee_pole_target.L", "ik_hand_gun"),
        *("upperarm_twist_01_l", "LeftForeArmRoll", "左手捩", "lThighTwist"),
        *("hair_01", "Skirt.L", "cape.003", "breast.R", "tail.001", "weapon_r", "wing_upperarm.L"),
        *("jaw", "eye.L", "J_Adj_L_FaceEye", "HeadTop_End", "LeftHandEnd", "Bip01 HeadNub"),
        *("index_metacarpal_l", "LeftInHandIndex", "palm.01.L", "heel.02.L", "lButtock"),
        *("front_thigh.L", "hind_foot.R", "wheel_fl"),
    ],
)
def test_helpers_play_no_part(name: str) -> None:
    found = read(name)
    assert found.is_helper and not found.parts


def test_twist_and_roll_bones_are_told_from_other_helpers() -> None:
    assert read("LeftForeArmRoll").is_turn and read("lowerarm_twist_01_l").is_turn
    assert not read("hand_ik.L").is_turn and not read("forearm.L").is_turn


def test_ambiguous_words_keep_their_meanings() -> None:
    assert set(read("LeftShoulder").parts) == {"shoulder", "upper_arm"}
    assert set(read("leg.L").parts) == {"thigh", "shin"}
    assert set(read("hip").parts) == {"hips"} and set(read("hip.L").parts) == {"thigh"}


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("Bip01 L Finger0", 0),
        ("Bip01 L Finger02", 0),
        ("Bip01 L Finger41", 4),
        ("finger2-3.L", 2),
        ("finger_L3_1_jnt", 3),
        ("LeftFinger5Proximal", 5),
        ("thumb_01_l", None),
    ],
)
def test_fingers_without_a_name_have_a_number(name: str, number: int | None) -> None:
    assert read(name).finger == number


def test_what_most_names_begin_with_says_nothing() -> None:
    parts = ("Hand", "Arm", "Leg", "Foot", "Thigh")
    names = tuple(f"Handyman_{part}_{side}" for part in parts for side in "LR")
    assert all(name.parts and "hips" not in name.parts for name in read_bone_names(names))


@pytest.mark.parametrize("name", ["Bone.012", "Cube", "joint7", "skull island", ""])
def test_a_name_without_meaning_has_no_side(name: str) -> None:
    found = read(name)
    assert found.side == "" and not found.is_helper


def test_plain_names_have_no_case_separators_or_accents() -> None:
    assert plain_name("Fuß_Ärmel.001 L") == "fussarmel001l"
    assert plain_name("ひじ.L") == "ひじl"
