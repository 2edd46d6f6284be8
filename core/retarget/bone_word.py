"""What rigs call the parts of a body, in several languages, and what they call their helpers.

Words are lower case and, but for umlauts, without accents; ``bone_name`` reads a bone's name the same
way. The English ones of ``core.skeleton`` come first; these are what rigs use besides.
"""

from __future__ import annotations

from ..skeleton import BODY_PART_NAMES

_FURTHER_PART_WORDS: dict[str, str] = {
    "root": "root reference master origin boneroot 全ての親 ルート",
    "hips": (
        "hüfte becken bassin hanches cadera caderas bacino koshi cog lowerbody センター 腰 骨盤 "
        "quadril"
    ),
    "spine": (
        "spine abdomen waist belly stomach lowerback back vertebra torso wirbelsäule "
        "rücken bauch colonne dos torse columna espina espalda colonna schiena sebone 脊椎 "
        "脊柱 背骨 上半身 coluna costas"
    ),
    "chest": (
        "chest upperchest thorax ribcage ribs upperback upperbody brust brustkorb "
        "poitrine pecho torax petto mune 胸 torace peito"
    ),
    "neck": "cervical hals nacken cou cuello collo pescoco kubi 首 脖子 颈 頸",
    "head": "skull kopf tete cabeza testa cabeca atama 頭 头",
    "shoulder": (
        "clav collarbone scapula schlüsselbein schulter clavicule epaule clavicula hombro "
        "clavicola spalla kata ombro 肩 锁骨 鎖骨"
    ),
    "upper_arm": (
        "uparm shoulderbend oberarm bras brazo brazosuperior braccio ude 腕 上腕 上臂 大臂 braco"
    ),
    "forearm": (
        "lowarm ulna unterarm ellenbogen avantbras coude antebrazo codo avambraccio "
        "gomito hiji ひじ 肘 前腕 前臂 小臂 下臂 antebraco cotovelo"
    ),
    "hand": "handgelenk main poignet mano muneca polso tekubi 手首 手腕 手 mao pulso",
    "thigh": "uppleg oberschenkel cuisse muslo coscia momo 足 太もも 大腿 大腿骨 coxa",
    "shin": (
        "lowleg shank crus unterschenkel knie tibia mollet genou jambe pantorrilla "
        "rodilla gamba ginocchio hiza ひざ 膝 すね 小腿 polpaccio canela panturrilha joelho"
    ),
    "foot": (
        "fuss knöchel pied cheville pie tobillo piede caviglia ashikubi 足首 脚 脚踝 脚掌 pe "
        "tornozelo talus"
    ),
    "toes": "balloffoot zehe zehen orteil orteils puntera tsumasaki つま先 脚趾 脚尖 足先 punta ponta",
    "thumb": "thumb daumen pouce pulgar pollice 親指 拇指 大拇指",
    "index": "index pointer zeigefinger indice indexfinger 人指 人差指 人差し指 食指",
    "middle": "middle mid mittelfinger majeur medio 中指",
    "ring": "ring ringfinger annulaire anular anulare 薬指 无名指",
    "pinky": "pinky pinkie little kleinerfinger auriculaire menique mignolo 小指",
}

_PART_OF_ROLE = {
    "hips": "hips",
    "neck": "neck",
    "head": "head",
    "shoulder": "clavicle",
    "upper_arm": "upper_arm",
    "forearm": "lower_arm",
    "hand": "hand",
    "thigh": "upper_leg",
    "shin": "lower_leg",
    "foot": "foot",
    "toes": "toe",
}

# Words that stand for several parts, and how well: arms and legs decide together which is meant.
_AMBIGUOUS_WORDS: dict[str, dict[str, float]] = {
    "shoulder": {"shoulder": 0.8, "upper_arm": 0.5},
    "schulter": {"shoulder": 0.8, "upper_arm": 0.5},
    "epaule": {"shoulder": 0.8, "upper_arm": 0.5},
    "hombro": {"shoulder": 0.8, "upper_arm": 0.5},
    "ombro": {"shoulder": 0.8, "upper_arm": 0.5},
    "arm": {"upper_arm": 0.8, "forearm": 0.3},
    "bras": {"upper_arm": 0.8, "forearm": 0.3},
    "brazo": {"upper_arm": 0.8, "forearm": 0.3},
    "leg": {"shin": 0.7, "thigh": 0.6},
    "bein": {"thigh": 0.6, "shin": 0.5},
    "jambe": {"shin": 0.7, "thigh": 0.6},
    "pierna": {"shin": 0.7, "thigh": 0.6},
    "gamba": {"shin": 0.7, "thigh": 0.6},
    "hip": {"hips": 1.0, "thigh": 0.7},
    "hipjoint": {"thigh": 0.3},
    "hand": {"hand": 0.95},
    "foot": {"foot": 1.0, "toes": 0.4},
    "face": {"head": 0.3},
    "root": {"root": 1.0, "hips": 0.4},
    "mid": {"middle": 0.9},
    "足": {"thigh": 0.8, "foot": 0.4},
    "手": {"hand": 0.8},
    "腿": {"thigh": 0.6, "shin": 0.4},
    "臂": {"upper_arm": 0.6, "forearm": 0.3},
}

FINGER_WORDS = ("finger", "digit", "doigt", "dedo", "dito", "指")
"""A finger by number: Finger0 or finger1 is the thumb."""

_HELPERS = (
    # Controls, mechanisms and ends.
    "ik pole target tgt mch tweak driver drv aux corrective cor helper dummy attach "
    "socket gizmo vis end nub tip site space pivot effector untwist bendy muscle "
    "bicep biceps tricep triceps heel metacarpal metacarpals carpal palm meta "
    "metatarsal metatarsals inhand fingerbase cup "
    # Turns about a limb's own axis.
    "twist roll 捩 捩り "
    # What hangs on a body.
    "jiggle physics phys spring weapon gun sword shield prop hair ponytail braid bang "
    "skirt cloth cape cloak coat sleeve hat helmet bag belt pouch holster strap armor "
    "pauldron tail wing feather fin breast boob bust pec pectoral butt buttock "
    "buttocks glute mane horn antenna tentacle udder 髪 スカート 尻尾 翼 袖 武器 "
    # The face.
    "eye eyes eyelid brow eyebrow jaw lip lips mouth cheek tongue teeth tooth nose "
    "nostril ear chin forehead temple lid snout beak whisker 目 眉 舌 耳 口 "
    # Legs of animals and wheels of cars.
    "front foreleg forelimb forefoot hind rear paw hoof wheel "
)
HELPER_WORDS: frozenset[str] = frozenset(_HELPERS.split())
"""Words of bones that play no part."""

_NEUTRAL = (
    "armature avg b base bend bind bip biped bn bone c cc character con control ctl ctrl "
    "def f fk grp j jnt joint jt m mixamorig org rig skel skin valve x"
)
NEUTRAL_WORDS: frozenset[str] = frozenset(_NEUTRAL.split())
"""Words that say nothing of the part."""

STRONG_SIDES: tuple[tuple[str, str], ...] = (
    ("left", "right"),
    ("l", "r"),
    ("links", "rechts"),
    ("linke", "rechte"),
    ("linker", "rechter"),
    ("linkes", "rechtes"),
    ("gauche", "droite"),
    ("gauche", "droit"),
    ("izquierda", "derecha"),
    ("izquierdo", "derecho"),
    ("esquerda", "direita"),
    ("esquerdo", "direito"),
    ("sinistra", "destra"),
    ("sinistro", "destro"),
    ("hidari", "migi"),
    ("左", "右"),
)
"""Words for left and right that always mean the side."""

WEAK_SIDES: tuple[tuple[str, str], ...] = (
    ("li", "re"),
    ("g", "d"),
    ("i", "d"),
    ("izq", "der"),
    ("esq", "dir"),
    ("sx", "dx"),
    ("s", "d"),
)
"""Words that mean the side where a bone of the other word exists."""


_WITHOUT_DOTS = str.maketrans("äöü", "aou")
_WITH_E = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def _meanings() -> dict[str, dict[str, float]]:
    """Word to the parts that it may stand for, and how well."""
    meanings: dict[str, dict[str, float]] = {}
    for part, words in _FURTHER_PART_WORDS.items():
        english = BODY_PART_NAMES.get(_PART_OF_ROLE.get(part, ""), ())
        for word in (*english, *words.split()):
            for spelling in {word.translate(_WITHOUT_DOTS), word.translate(_WITH_E)}:
                if spelling not in _AMBIGUOUS_WORDS:
                    meanings.setdefault(spelling, {})[part] = 1.0
    return meanings | _AMBIGUOUS_WORDS


MEANINGS: dict[str, dict[str, float]] = _meanings()
"""Word to the parts that it may stand for, each 0..1: how surely it is meant."""
