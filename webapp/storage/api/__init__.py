"""The tables about the JSON API."""
