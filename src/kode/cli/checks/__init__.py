"""What `kode doctor` looks at: one small function a check."""
