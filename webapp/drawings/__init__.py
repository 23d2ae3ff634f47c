"""Inline SVG that obeys the strict Content-Security-Policy."""
