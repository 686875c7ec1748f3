"""What an API server does with a document before it is stored: defaults, validation, apply."""
