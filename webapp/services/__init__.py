"""The use cases, as plain functions over `Services`; no Flask, PynamoDB or AWS in here."""
