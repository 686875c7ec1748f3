"""From a Kode to what runs on one machine: pure."""
