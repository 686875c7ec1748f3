"""What is reported of a Kode and of the platform itself, and whom a reader may believe."""
