"""How synthetic views of motion capture vary."""

from __future__ import annotations

from dataclasses import dataclass, field

from .detector import AS_FITTED, DetectorVariety
from .detector_model import DetectorName


@dataclass(frozen=True, slots=True)
class ViewConfig:
    """How synthetic views vary; lengths in metres, angles in degrees, shares 0..1 of the windows.

    Motion: ``fps`` of the views. Playback speed is log-uniform from ``min_speed`` to ``max_speed``, every
    other window nearer to 1. ``share_reversed`` play backwards; in ``share_cut`` the clip begins or ends
    inside the window, which then holds the clip's edge frame as the lifter's padding does: in the first or
    last ``cut_reach`` of its frames, so that outputs there see as much padding as at the edges of a clip.

    Body: bones differ in length between windows as much as ``body_spread`` times what people's do (0:
    everyone is of mean proportions, but for children); ``share_children`` have a child's proportions (size
    is not seen: the ruler measures it away).

    Camera: ``share_any_view`` look from anywhere and with any roll, the others from about eye height.
    ``share_moving_camera`` are hand-held; of these a quarter each stand, turn after the person, move along
    with them, and circle them.

    Detector: ``detector`` (``named_detector``) and its ``variety``; ``joint_offset`` (m) of its joints
    from mocap's; ``share_without_confidence`` report only whether a joint is seen;
    ``share_wrong_focal_length`` are looked at with a wrong one.

    Not seen, at most one of these in a window: ``share_cropped`` partly outside the image;
    ``share_close_up`` cut off below the chest or the waist; ``share_lower_body_hidden`` (as by a desk),
    ``share_limb_hidden`` (arms, legs, a side); ``share_lost`` lost whole for a few frames. By default 56%
    have none. Besides, in any window: ``share_without_feet`` and ``share_without_face``, detectors without
    these joints; ``share_dropped`` of all keypoints; and up to ``max_bursts`` joints for up to a second.
    """

    fps: float = 30.0
    min_speed: float = 0.25
    max_speed: float = 4.0
    share_reversed: float = 0.1
    share_cut: float = 0.1
    cut_reach: float = 1 / 3
    body_spread: float = 1.0
    share_children: float = 0.08
    min_distance: float = 1.8
    max_distance: float = 10.0
    pitch_mean_deg: float = 8.0
    pitch_sigma_deg: float = 14.0
    roll_sigma_deg: float = 4.0
    share_any_view: float = 0.12
    share_moving_camera: float = 0.25
    detector: DetectorName = "fitted"
    variety: DetectorVariety = field(default_factory=DetectorVariety)
    joint_offset: float = 0.02
    share_without_confidence: float = 0.15
    share_wrong_focal_length: float = 0.3
    share_cropped: float = 0.09
    share_close_up: float = 0.09
    share_lower_body_hidden: float = 0.09
    share_limb_hidden: float = 0.12
    share_lost: float = 0.05
    share_without_feet: float = 0.45
    share_without_face: float = 0.1
    share_dropped: float = 0.01
    max_bursts: int = 3


def plain_views() -> ViewConfig:
    """Views to test on: any body, camera that stands still and noise; all is seen, at true speed."""
    return ViewConfig(
        min_speed=1.0,
        max_speed=1.0,
        share_reversed=0.0,
        share_cut=0.0,
        share_moving_camera=0.0,
        variety=AS_FITTED,
        share_without_confidence=0.0,
        share_wrong_focal_length=0.0,
        share_cropped=0.0,
        share_close_up=0.0,
        share_lower_body_hidden=0.0,
        share_limb_hidden=0.0,
        share_lost=0.0,
        share_without_feet=0.0,
        share_without_face=0.0,
        share_dropped=0.0,
        max_bursts=0,
    )
