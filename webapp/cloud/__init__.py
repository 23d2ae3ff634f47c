"""Calls to AWS, each behind a port of webapp/services/*/ports.py. Clients are made at first use."""
