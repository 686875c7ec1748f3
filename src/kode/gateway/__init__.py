"""What guards an editor, and its translation to Envoy configuration. Pure: same input, same bytes."""
