"""A file of corrections comes back as written, and every mistake in it is named."""

from __future__ import annotations

import json

import pytest

from core.correction import Correction
from core.errors import InputFormatError, LiftError, NotAvailableError
from core.io.corrections import read_corrections, write_corrections

ALL = (
    Correction("swapped", "body", 120, 134),
    Correction("not swapped", "arms", 180, 183),
    Correction("wrong joint", "left_wrist", 300, 310, 2),
    Correction("planted", "left", 40, 62),
    Correction("not planted", "right", 70, 70),
)


def write(tmp_path, content):
    path = tmp_path / "c.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def document(*entries, **changes):
    return {"format": "lift-corrections", "version": 1, "corrections": entries} | changes


def entry(**changes):
    whole = {"kind": "planted", "foot": "left", "frames": [3, 5]} | changes
    return {key: value for key, value in whole.items() if value is not None}


@pytest.mark.parametrize("corrections", [(), ALL])
def test_what_is_written_comes_back(corrections, tmp_path):
    path = tmp_path / "c.json"
    write_corrections(path, corrections)
    assert read_corrections(path) == corrections
    assert [each.where for each in read_corrections(path)] == [
        f"{path}, correction {number}" for number in range(1, len(corrections) + 1)
    ]


def test_an_entry_without_a_person_is_about_the_first(tmp_path):
    [found] = read_corrections(write(tmp_path, document(entry())))
    assert found == Correction("planted", "left", 3, 5, person=1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "c.json: expected JSON, found an empty file"),
        ("{", "c.json: not valid JSON"),
        ([], 'expected corrections: an object with "format"'),
        (document(format="lift-camera-path"), 'an object with "format"'),
        (document(name="x"), "expected format, version, corrections; found 'name'"),
        (document(corrections={}), 'expected "corrections", a list, found an object'),
        (document(3), "c.json, correction 1: expected an object, found 3"),
        (document(entry(), entry(kind="stands")), "correction 2: expected \"kind\" .* 'stands'"),
        (document(entry(kind=[])), 'correction 1: expected "kind" .* found a list of 0'),
        (document(entry(joint="nose")), "expected kind, foot, frames, person; found 'joint'"),
        (document(entry(foot=None)), 'expected "foot", a name, found null'),
        (document(entry(foot="up")), "correction 1: unknown foot 'up'"),
        (
            document({"kind": "wrong joint", "joint": "tail", "frames": [1, 2]}),
            "correction 1: unknown joint 'tail'",
        ),
        (document(entry(frames=[3])), 'expected "frames", .* found a list of 1'),
        (document(entry(frames=[3, 4.5])), 'expected "frames", the first and the last'),
        (document(entry(frames=[True, 2])), 'expected "frames", the first and the last'),
        (document(entry(frames=[-3, 2])), "correction 1: expected frames from 0 on, .* -3 to 2"),
        (document(entry(frames=[5, 2])), "the first not after the last, found 5 to 2"),
        (document(entry(person="1")), 'expected "person", a whole number'),
        (document(entry(person=0)), "correction 1: expected a person from 1 on, found 0"),
        (document(entry(), entry()), "c.json, correction 2: .* overlaps .*c.json, correction 1"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_entry(content, said, tmp_path):
    with pytest.raises(InputFormatError, match=said):
        read_corrections(write(tmp_path, content))


def test_a_later_version_is_said_to_be_one(tmp_path):
    with pytest.raises(NotAvailableError, match="expected version 1, found 2"):
        read_corrections(write(tmp_path, document(version=2)))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputFormatError, match="absent.json: cannot be read"):
        read_corrections(tmp_path / "absent.json")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(LiftError, match="there is no folder"):
        write_corrections(tmp_path / "none" / "c.json", ALL)
    assert not list(tmp_path.iterdir())
