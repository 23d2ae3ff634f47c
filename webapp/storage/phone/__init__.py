"""Tables about customers' phone numbers."""
