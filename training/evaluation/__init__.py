"""Evaluation: protocols, model files on real clips and mocap, worlds, pictures, reports."""
