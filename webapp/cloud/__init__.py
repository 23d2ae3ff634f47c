"""Calls to AWS, each behind a port of webapp/services/*/ports.py; clients are made at first use."""
