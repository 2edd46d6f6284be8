"""Lift 2D keypoints to 3D motion: Blender-free, NumPy only (torch in ``core.learning`` alone).

Start reading at ``core/pipeline.py``.
"""
