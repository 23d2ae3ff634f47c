"""Use cases about customers' phone numbers."""
