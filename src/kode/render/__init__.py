"""From a resolved Kode to the manifests that it means. Pure: same input, same bytes."""
