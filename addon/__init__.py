"""The Blender side: armature, bake, export, command line and interface.

Importing this package does not import Blender, so that the command line can read its options (and
show its help) first; ``registration`` holds what Blender registers.
"""
