"""What was worked out of the last clips, while Blender runs: choosing and lifting share it."""

from __future__ import annotations

from ..core.lift_cache import LiftCache

LIFT_CACHE = LiftCache()
"""Lifting a clip again with other settings does only what they change."""
