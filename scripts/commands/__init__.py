"""One module for each command: once the environment is set up, scripts/NAME continues
as NAME here.
"""
