"""One machine as a platform: a store, a supervisor, one door, no cluster."""
