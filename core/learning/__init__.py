"""The network, its losses and its trainer: the only part of core that uses torch."""
