"""A network of its own for one program, with the gateway's socket as the only way in."""
