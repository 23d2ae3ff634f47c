"""What the people who run the bar ask the function for; all come in through registry.run."""
