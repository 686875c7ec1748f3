"""The store of the local platform: what the API server would hold, in one file."""
