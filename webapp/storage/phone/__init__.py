"""The tables about customers' phone numbers."""
