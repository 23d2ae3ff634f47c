"""Tables about the JSON API."""
