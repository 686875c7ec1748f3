"""The store of one machine: what the API server would hold, in one file."""
