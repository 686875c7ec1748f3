"""Small programs behind the Makefile. Rule: each one is short, says what it found and where."""
