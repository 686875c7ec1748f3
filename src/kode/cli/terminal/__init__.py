"""What a person sees: tables, progress, questions, words."""
