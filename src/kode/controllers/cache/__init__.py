"""What the operator remembers of the cluster, and the watches that keep it true."""
