"""The ports of everything that follows from a write."""
