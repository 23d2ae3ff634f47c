"""The tables, and the repositories that turn their items into domain values and back."""
