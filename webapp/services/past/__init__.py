"""Use cases about what is over: journeys, figures, and what is forgotten."""
