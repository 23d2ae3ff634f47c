"""Use cases about past orders: journeys, figures, and the erasing of personal data."""
