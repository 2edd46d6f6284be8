"""Rotations, cameras and alignment: batched over leading axes, quaternions wxyz."""
