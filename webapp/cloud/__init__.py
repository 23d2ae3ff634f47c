"""Calls to AWS, each behind a port of webapp/services/ports; clients are made when first used."""
