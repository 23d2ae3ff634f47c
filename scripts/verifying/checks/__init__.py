"""One module for each subject, one function for each belief that can be checked from outside."""
