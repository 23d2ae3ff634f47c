"""The tables about how often somebody may do something."""
