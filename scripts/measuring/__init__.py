"""Measures what the bar costs and how quickly it starts."""
