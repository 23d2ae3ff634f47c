"""The tables about the past: journeys, figures, and what is forgotten."""
