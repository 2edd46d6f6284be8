"""From raw detections to one clean, dense clip per person: track, clean, resample."""
