"""The use cases: plain functions over `Services`. They import no Flask, PynamoDB or AWS."""
