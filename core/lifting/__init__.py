"""2D keypoints to 3D poses: normalisation, the temporal network in NumPy, decoding of its output."""
