"""The editors of one machine: what can be installed, how, and what is."""
