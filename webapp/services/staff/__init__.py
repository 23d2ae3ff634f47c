"""Use cases about the people, screens and devices behind the bar."""
