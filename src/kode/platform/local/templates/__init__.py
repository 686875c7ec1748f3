"""The templates that ship with the local platform, and how they come into its store."""
