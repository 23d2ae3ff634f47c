"""The commands a person runs, and what they share."""
