"""What the operator sees of the whole installation, and tries of it."""
