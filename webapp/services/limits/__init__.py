"""Use cases about how often somebody may do something."""
