"""Lift Video to 3D: a video's 2D human keypoints become 3D animation on a Blender armature.

This file makes the repository root a Blender extension. It imports without Blender: the add-on is
loaded only when Blender enables the extension.
"""


def register() -> None:
    """Enable the extension (called by Blender)."""
    from .addon import registration  # noqa: PLC0415

    registration.register()


def unregister() -> None:
    """Disable the extension (called by Blender)."""
    from .addon import registration  # noqa: PLC0415

    registration.unregister()
