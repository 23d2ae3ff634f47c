"""Use cases about customers who sign in with a phone number."""
