"""Evaluation: protocols, real clips, pictures."""
