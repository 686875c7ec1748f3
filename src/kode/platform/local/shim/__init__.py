"""The small program that each program runs under: standard library only, few imports."""
