"""The commands that people run, and the code that these commands share."""
