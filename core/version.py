"""The program's version: the same as in ``blender_manifest.toml`` (a test compares them)."""

VERSION = "0.1.0"
