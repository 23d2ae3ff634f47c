"""What each command becomes once the environment is set up: scripts/NAME goes on as NAME here."""
