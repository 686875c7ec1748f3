"""Terminal output and input: tables, progress, prompts, formatting."""
