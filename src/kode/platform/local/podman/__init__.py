"""The runtime that runs images: what is started, how it is found, how it is reached."""
