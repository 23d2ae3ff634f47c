"""The pages and the JSON API: a blueprint for each role or subject."""
