"""The command line: what it takes, what it refuses, and how it names its files."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from lift_video_to_3d.addon.cli_options import Options, parse_options
from lift_video_to_3d.addon.clip import file_identity
from lift_video_to_3d.addon.rig_choice import AnimationSettings, RigChoice
from lift_video_to_3d.core.retarget.retarget import RetargetSettings


def parse(command: str) -> Options:
    return parse_options(command.split())


def refusal(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``command`` is refused with; the exit code must be 2."""
    with pytest.raises(SystemExit) as caught:
        parse(command)
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_defaults() -> None:
    options = parse("walk.json --output walk.bvh")
    [clip] = options.clips
    assert (clip.source, clip.outputs) == (Path("walk.json"), (Path("walk.bvh"),))
    assert (clip.poses, clip.report) == (None, None)
    assert options.person == 1
    assert options.rig == RigChoice() and options.animation == AnimationSettings()
    assert not (options.is_quiet or options.is_verbose)
    settings = options.settings
    assert (settings.smooth, settings.lock_feet) == (0.3, True)
    assert settings.fps is settings.image_size is settings.video is settings.model is None
    assert settings.fov_deg is settings.focal_length_px is settings.calibration is None
    assert settings.camera_name is settings.camera_path is settings.height_m is None


def test_every_option_arrives() -> None:
    options = parse(
        "walk.json --output a.bvh --output b.FBX --poses p.npz --report r.json --person all"
        " --fps 30000/1001 --scene-fps 25 --image-size 1088x1920 --video walk.mp4"
        " --calibration c.toml --camera cam_01 --model m.npz --height 1.82 --smooth 0"
        " --no-foot-lock --in-place --start-frame 0 --frame-step 2 --reduce 2.5 --t-pose"
        " --reach hands,feet --mute-constraints --engine unity --quiet --verbose --rig default"
    )
    [clip] = options.clips
    assert clip.outputs == (Path("a.bvh"), Path("b.FBX"))
    assert (clip.poses, clip.report) == (Path("p.npz"), Path("r.json"))
    assert options.person == "all"
    assert options.is_quiet and options.is_verbose
    assert options.rig == RigChoice()
    assert options.animation == AnimationSettings(
        scene_fps=Fraction(25),
        start_frame=0,
        frame_step=2,
        retarget=RetargetSettings(travel="in_place", reach=frozenset({"hands", "feet"})),
        reduce_mm=2.5,
        has_t_pose=True,
        mutes_constraints=True,
        engine="unity",
    )
    settings = options.settings
    assert settings.fps == Fraction(30000, 1001)
    assert settings.image_size == (1088, 1920)
    assert (settings.video, settings.model) == (Path("walk.mp4"), Path("m.npz"))
    assert (settings.calibration, settings.camera_name) == (Path("c.toml"), "cam_01")
    assert (settings.height_m, settings.smooth, settings.lock_feet) == (1.82, 0.0, False)


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ("", RigChoice(scheme="default")),
        ("--rig mixamo", RigChoice(scheme="mixamo")),
        ("--rig hero.blend", RigChoice(scheme=None, blend=Path("hero.blend"))),
        ("--rig-object Hero", RigChoice(scheme=None, object_name="Hero")),
        (
            "--rig hero.blend --rig-object Hero --rig map.json",
            RigChoice(None, Path("hero.blend"), "Hero", Path("map.json")),
        ),
        ("--rig rigify --rig hero.blend", RigChoice(None, Path("hero.blend"), None, "rigify")),
    ],
)
def test_a_rig_is_built_or_the_users_own(options: str, choice: RigChoice) -> None:
    assert parse(f"a.json --output a.bvh {options}").rig == choice


@pytest.mark.parametrize("carrier", ["hips", "root", "object"])
def test_who_carries_the_travel(carrier: str) -> None:
    options = parse(f"a.json --output a.bvh --root-motion {carrier}")
    assert options.animation.retarget.travel == carrier


@pytest.mark.parametrize(
    ("option", "field"), [("--fov", "fov_deg"), ("--focal-length", "focal_length_px")]
)
def test_lens_by_number(option: str, field: str) -> None:
    assert getattr(parse(f"a.json --output a.bvh {option} 55.5").settings, field) == 55.5


@pytest.mark.parametrize("lens", ["", "--fov 60", "--focal-length 900"])
def test_a_camera_path_goes_with_any_lens_but_a_calibration(lens: str) -> None:
    settings = parse(f"a.json --output a.bvh --camera-path p.json {lens}").settings
    assert settings.camera_path == Path("p.json")


def test_streaming_takes_settings_and_no_files() -> None:
    options = parse(
        "--stream --fps 25 --image-size 640x480 --fov 70 --model m.npz --height 1.8 --smooth 0.5 --quiet"
    )
    assert options.is_stream and options.is_quiet and not options.clips
    settings = options.settings
    assert (settings.fps, settings.image_size, settings.fov_deg) == (25, (640, 480), 70.0)
    assert (settings.model, settings.height_m, settings.smooth) == (Path("m.npz"), 1.8, 0.5)
    assert not parse("a.json --output a.bvh").is_stream


def test_leading_dashes_are_accepted() -> None:
    assert parse("-- a.json --output a.bvh") == parse("a.json --output a.bvh")


def test_output_folder_takes_stems_and_formats(tmp_path: Path) -> None:
    folder = tmp_path / "take.01"
    folder.mkdir()
    options = parse(f"a/walk.json {folder} --output-dir out --format bvh,.FBX")
    assert [clip.outputs for clip in options.clips] == [
        (Path("out/walk.bvh"), Path("out/walk.fbx")),
        (Path("out/take.01.bvh"), Path("out/take.01.fbx")),
    ]


def test_output_folder_gets_bvh_by_default() -> None:
    assert parse("a.json --output-dir out").clips[0].outputs == (Path("out/a.bvh"),)


def test_several_inputs_get_folders_for_poses_and_reports() -> None:
    options = parse("a.json b.json --poses p --report r")
    assert [(clip.poses, clip.report) for clip in options.clips] == [
        (Path("p/a.npz"), Path("r/a.json")),
        (Path("p/b.npz"), Path("r/b.json")),
    ]


def test_person_number_goes_before_the_extension() -> None:
    [clip] = parse("a.json --output o/x.y.bvh --poses p.npz --report r.json").clips
    second = clip.for_person(2)
    assert second.outputs == (Path("o/x.y-person2.bvh"),)
    assert (second.poses, second.report) == (Path("p-person2.npz"), Path("r-person2.json"))
    [clip] = parse("a.json --output x.bvh").clips
    assert (clip.for_person(3).poses, clip.for_person(3).report) == (None, None)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "at least one INPUT"),
        ("a.json", "nothing to write"),
        ("a.json b.json --output a.bvh", "--output-dir"),
        ("a.json b.json --output-dir o --video a.mp4", "--video is for one INPUT"),
        ("a.json --format bvh --output a.bvh", "--format needs --output-dir"),
        ("a.json --output a.xyz", "found 'a.xyz'"),
        ("a.json --output a", "expected a file that ends in"),
        ("a.json --output-dir o --format bvh,xyz", "found 'bvh,xyz'"),
        ("a.json --output-dir o --format ,", "found ','"),
        ("a.json --poses p", "ends in .npz"),
        ("a.json --report r.txt", "ends in .json"),
        ("x/a.json y/a.json --output-dir o", "would replace the output of"),
        ("x/a.json y/a.json --poses o", "would replace the output of"),
        ("a.json a.json --output-dir o", "would replace"),
        ("a.json --output a.bvh --output ./a.bvh", "would replace"),
        ("a.json --output-dir o --format bvh,bvh", "would replace"),
        ("a.json --report a.json", "would replace the input"),
        ("x/a.json b.json --report x", "would replace the input"),
        ("a.json --output a.bvh --person 0", "found '0'"),
        ("a.json --output a.bvh --person -1", "found '-1'"),
        ("a.json --output a.bvh --person two", "found 'two'"),
        ("a.json --output a.bvh --fps 0", "found '0'"),
        ("a.json --output a.bvh --fps nan", "found 'nan'"),
        ("a.json --output a.bvh --fps 1/0", "found '1/0'"),
        ("a.json --output a.bvh --fps 1e999999999", "found '1e999999999'"),
        ("a.json --output a.bvh --scene-fps -5", "found '-5'"),
        ("a.json --output a.bvh --image-size 100", "found '100'"),
        ("a.json --output a.bvh --image-size 0x10", "found '0x10'"),
        ("a.json --output a.bvh --fov 180", "below 180"),
        ("a.json --output a.bvh --fov nan", "found 'nan'"),
        ("a.json --output a.bvh --focal-length -1", "above 0"),
        ("a.json --output a.bvh --height 0", "above 0"),
        ("a.json --output a.bvh --smooth 1.1", "0 to 1"),
        ("a.json --output a.bvh --start-frame 1.5", "whole number"),
        ("a.json --output a.bvh --start-frame -3", "whole number"),
        ("a.json --output a.bvh --fov 50 --focal-length 900", "not allowed with"),
        ("a.json --output a.bvh --fov 50 --calibration c.toml", "not allowed with"),
        ("a.json --output a.bvh --camera c", "--camera needs --calibration"),
        ("a.json b.json --output-dir o --camera-path p.json", "--camera-path is for one INPUT"),
        (
            "a.json --output a.bvh --camera-path p.json --calibration c.toml",
            "--camera-path and --calibration both say where the camera is",
        ),
        ("a.json --outp a.bvh", "unrecognized arguments"),
        ("a.json --output a.bvh --nonsense", "unrecognized arguments"),
        ("a.json --output", "expected one argument"),
        ("--stream a.json", "--stream reads standard input: expected no INPUT, found a.json"),
        ("--stream --output a.bvh", "--output is not for --stream"),
        ("--stream --output-dir o", "--output-dir is not for --stream"),
        ("--stream --format bvh", "--format is not for --stream"),
        ("--stream --poses p.npz", "--poses is not for --stream"),
        ("--stream --report r.json", "--report is not for --stream"),
        ("--stream --person all", "--person is not for --stream"),
        ("--stream --video a.mp4", "--video is not for --stream"),
        ("--stream --camera-path p.json", "--camera-path is not for --stream"),
        ("--stream --scene-fps 25", "--scene-fps is not for --stream"),
        ("--stream --start-frame 2", "--start-frame is not for --stream"),
        ("--stream --no-foot-lock", "--no-foot-lock is not for --stream"),
        ("--stream --in-place", "--in-place is not for --stream"),
        ("--stream --rig mixamo", "--rig is not for --stream"),
        ("--stream --reduce 1", "--reduce is not for --stream"),
        ("--stream --camera c", "--camera needs --calibration"),
        ("a.json --output a.bvh --rig nobody", "expected one of biped, cmu,"),
        ("a.json --output a.bvh --rig map.json", "give --rig FILE.blend or --rig-object too"),
        ("a.json --output a.bvh --rig a.blend --rig b.blend", "expected one .blend file"),
        ("a.json --output a.bvh --rig a.blend --rig cmu --rig b.json", "expected one bone map"),
        ("a.json b.json --output-dir o --corrections c.json", "--corrections is for one INPUT"),
        ("--stream --corrections c.json", "--corrections is not for --stream"),
        ("a.json --output a.bvh --reduce 0", "above 0"),
        ("a.json --output a.bvh --frame-step 0", "whole number from 1"),
        ("a.json --output a.bvh --reach head", "expected hands, feet"),
        ("a.json --output a.bvh --engine unity", "--engine is for .fbx files"),
        ("a.json --output a.fbx --engine quake", "invalid choice"),
        ("a.json --output a.bvh --in-place --root-motion root", "not allowed with"),
    ],
)
def test_wrong_usage_is_refused(
    command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refusal(command, capsys)


@pytest.mark.parametrize(("option", "said"), [("--help", "--output FILE"), ("--version", "0.1.0")])
def test_help_and_version_go_to_stdout(
    option: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(option)
    assert caught.value.code == 0
    assert said in capsys.readouterr().out


def test_one_file_has_one_identity(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real").mkdir()
    assert file_identity(tmp_path / "link" / "a") == file_identity(
        tmp_path / "real" / "b" / ".." / "a"
    )
