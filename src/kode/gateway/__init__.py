"""What guards an editor, and its translation to Envoy configuration.

Rule: pure; same input, same bytes.
"""
