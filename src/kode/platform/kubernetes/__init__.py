"""The API server, spoken to by HTTP: what every request to it has in common."""
