"""A Kode with what it refers to, and what that means: pure, and shared by both platforms."""
