"""One folder for each extension; a deployment has those that EXTENSIONS names."""
