"""One module for each subject, with a function for each belief that can be checked from outside."""
