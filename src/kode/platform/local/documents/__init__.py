"""What is done to a document before one machine stores it: what the API server would do."""
