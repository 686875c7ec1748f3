"""From observed objects to conditions. Pure: time is an argument."""
