"""One machine as a platform: a store, a supervisor, one gateway, no cluster."""
