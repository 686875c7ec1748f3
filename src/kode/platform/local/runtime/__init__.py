"""What runs a Kode on this machine: a process or a container, and all that its command needs."""
