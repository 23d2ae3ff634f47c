"""What reacts to events: one module for each job. registry.dispatch calls all of them."""
