"""Tables about how often somebody may do what."""
