"""The tables about the team: people, screens and devices."""
