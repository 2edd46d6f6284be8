"""From joint positions to bone rotations on an armature, and back."""
