"""Files in and out: keypoints of every detector, video headers, calibration, poses, reports."""
