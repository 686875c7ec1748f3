"""Where Kodes live. Everything above speaks to a platform; only a platform does I/O."""
