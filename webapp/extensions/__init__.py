"""Each folder is one extension; a deployment has those that the setting EXTENSIONS names."""
