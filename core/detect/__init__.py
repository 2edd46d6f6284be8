"""People found in pictures: a detector of people, one of their joints, and who is who over frames."""
