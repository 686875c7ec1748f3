"""The editors of the local platform: what can be installed, how, and what is."""
