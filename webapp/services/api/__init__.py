"""Use cases about the JSON API."""
