"""Use cases about what follows from a write."""
