"""Experiments on mocap that test what the paper found; each is one command that resumes."""
