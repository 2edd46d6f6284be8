"""From the network's poses to a person of constant size who moves in space."""
