"""The pages, a blueprint per role."""
