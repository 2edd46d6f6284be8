"""What a bone's name says: its side, its part of the body, its number, or that it is a helper."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations, product

from .bone_map import FINGERS
from .bone_word import (
    FINGER_WORDS,
    HELPER_WORDS,
    MEANINGS,
    NEUTRAL_WORDS,
    STRONG_SIDES,
    WEAK_SIDES,
)

_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_COMMON_SHARE = 0.5
_LEAST_NAMES_FOR_A_PREFIX = 6
_MOST_REORDERED_WORDS = 3
_PARTIAL_MATCH = 0.8
_LAYER_TRUST = {"def": 0.95, "org": 0.6}
"""Deform and mechanism copies of the same bone come after the one that is plainly named."""

_TURNS = frozenset(("twist", "roll", "捩", "捩り"))
_GLUED_HELPERS = tuple(word for word in HELPER_WORDS if not word.isascii())
_FINGER_PARTS = frozenset(FINGERS)
_MIDLINE_PARTS = frozenset(("root", "hips", "spine", "chest", "neck", "head"))


@dataclass(frozen=True, slots=True)
class BoneName:
    """What one name says.

    ``side`` is ".L", ".R" or ""; ``parts`` tells how surely (0..1) each part of the body is meant:
    a role without its side. ``finger`` is the number of a finger without a name. A helper stands
    for no part; where it ``is_turn`` it is a twist or roll bone. ``speaks`` is whether any word of
    the name is known.
    """

    side: str
    parts: Mapping[str, float]
    finger: int | None
    is_helper: bool
    is_turn: bool
    speaks: bool


def read_bone_names(names: tuple[str, ...]) -> list[BoneName]:
    """What each of an armature's bone names says; the names are read together.

    Prefixes that most names share are passed over, and words that may mean a side do where the
    other side exists.
    """
    tokens = _without_common_prefix([_tokens(name) for name in names])
    spellings = {tuple(words) for words in tokens}
    return [_read(words, spellings) for words in tokens]


def plain_name(name: str) -> str:
    """``name`` in lower case without separators and accents."""
    return "".join(re.findall(r"[^\W_]+", _unaccented(name))).casefold()


def _tokens(name: str) -> list[str]:
    """The words and numbers of a name, in lower case, without its namespace."""
    bare = re.split(r"[:|]", _unaccented(name))[-1]
    return [token.casefold() for token in _TOKEN.findall(bare)]


def _unaccented(name: str) -> str:
    """``name`` with full-width letters made plain and Latin letters without accents."""
    plain = unicodedata.normalize("NFKC", name).replace("ß", "ss")
    letters = (unicodedata.normalize("NFD", letter) for letter in plain)
    # Only Latin: Japanese letters would lose their sound marks.
    return "".join(
        split[0] if split[0].isascii() else letter
        for split, letter in zip(letters, plain, strict=True)
    )


def _without_common_prefix(tokens: list[list[str]]) -> list[list[str]]:
    if len(tokens) < _LEAST_NAMES_FOR_A_PREFIX:
        return tokens
    sides = {word for pair in STRONG_SIDES for word in pair}
    while True:
        firsts = Counter(words[0] for words in tokens if words)
        first, count = max(firsts.items(), key=lambda item: item[1], default=("", 0))
        if count < _COMMON_SHARE * len(tokens) or first in MEANINGS or first in sides:
            return tokens
        shorter = [
            words[1:] if words[:1] == [first] and len(words) > 1 else words for words in tokens
        ]
        if shorter == tokens:
            return tokens
        tokens = shorter


def _read(tokens: list[str], spellings: set[tuple[str, ...]]) -> BoneName:
    side, tokens = _split_side(tokens, spellings)
    words = [token for token in tokens if not token.isdigit()]
    trust = min((_LAYER_TRUST.get(word, 1.0) for word in words), default=1.0)
    parts = {part: trust * score for part, score in _parts(words, side).items()}
    helpers = set[str]() if parts else _helper_words(words)
    finger = _finger_number(tokens) if side and not helpers else None
    return BoneName(
        side=side,
        parts=parts,
        finger=finger,
        is_helper=bool(helpers),
        is_turn=not _TURNS.isdisjoint(helpers),
        speaks=bool(parts or helpers) or finger is not None,
    )


def _split_side(tokens: list[str], spellings: set[tuple[str, ...]]) -> tuple[str, list[str]]:
    """The side (.L, .R or none) that the tokens tell, and the other tokens."""
    # At an end the word is the side for sure; between others, as in "Bip01 L Thigh", it may be.
    places = dict.fromkeys((len(tokens) - 1, 0, *range(len(tokens))) if tokens else ())
    for place in places:
        for pairs, needs_partner in ((STRONG_SIDES, False), (WEAK_SIDES, True)):
            for pair, (own, side) in product(pairs, ((0, ".L"), (1, ".R"))):
                rest = _rest_of(tokens[place], pair[own])
                if rest is None:
                    continue
                partner = pair[1 - own] + rest, rest + pair[1 - own]
                is_known = not rest or rest in MEANINGS or rest in HELPER_WORDS
                must_have = needs_partner or (bool(rest) and _is_letter(pair[own]))
                has_partner = any(
                    (*tokens[:place], word, *tokens[place + 1 :]) in spellings for word in partner
                )
                if is_known and (has_partner or not must_have):
                    return side, [*tokens[:place], *([rest] if rest else []), *tokens[place + 1 :]]
    return "", tokens


def _rest_of(token: str, side_word: str) -> str | None:
    """What is left of ``token`` without ``side_word`` before or behind it; None without it."""
    if token.startswith(side_word):
        return token.removeprefix(side_word)
    # One letter glued on is a side in lThigh and rfemur, never in skull.
    if token.endswith(side_word) and not _is_letter(side_word):
        return token.removesuffix(side_word)
    return None


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isascii()


def _parts(words: list[str], side: str) -> dict[str, float]:
    """The parts that these words may mean, 0..1."""
    content = [word for word in words if word not in NEUTRAL_WORDS]
    meant = _meaning(words, side) or _meaning(content, side)
    if meant:
        return meant
    helpers = _helper_words(words)
    # A neck may well be called a twist bone.
    if helpers and not (helpers <= _TURNS and "neck" in words):
        return {}
    runs = _runs(words)
    fingers = [run for run in runs if not _FINGER_PARTS.isdisjoint(_allowed(run, side))]
    known = fingers or [run for run in runs if _allowed(run, side)]
    if not known:
        return {}
    # The longest word tells most, and of two the later one: "arm hand", "foot ball".
    best = max(reversed(known), key=len)
    return {part: _PARTIAL_MATCH * score for part, score in _allowed(best, side).items()}


def _meaning(words: list[str], side: str) -> dict[str, float]:
    """What exactly these words mean together, in any order."""
    orders = permutations(words) if len(words) <= _MOST_REORDERED_WORDS else (words,)
    for order in orders:
        meant = _allowed("".join(order), side)
        if meant:
            return meant
    return {}


def _allowed(word: str, side: str) -> dict[str, float]:
    """The meanings of ``word`` that a bone on this side, or on none, can have."""
    meanings = MEANINGS.get(word, {})
    return {
        part: score for part, score in meanings.items() if (part in _MIDLINE_PARTS) == (side == "")
    }


def _runs(words: list[str]) -> list[str]:
    """Every run of neighbouring words, joined, in the order of their ends."""
    return ["".join(words[start:end]) for end in range(len(words) + 1) for start in range(end)]


def _finger_number(tokens: list[str]) -> int | None:
    """The number of a finger that has no name: 0 in Finger01, 2 in finger2-1."""
    place = next((place for place, token in enumerate(tokens) if token in FINGER_WORDS), None)
    if place is None:
        return None
    numbers = [token for token in tokens[place:] if token.isdigit()]
    if not numbers:
        return None
    is_glued = len(numbers) == 1 and len(numbers[0]) > 1
    return int(numbers[0][0] if is_glued else numbers[0])


def _helper_words(words: list[str]) -> set[str]:
    """The words that make a bone a helper; Japanese and Chinese ones stand within others."""
    found = set(HELPER_WORDS.intersection(_runs(words)))
    written_as_one = "".join(word for word in words if not word.isascii())
    return found | {word for word in _GLUED_HELPERS if word in written_as_one}
