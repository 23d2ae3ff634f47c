"""What reacts to events: one module per job, all entered through registry.dispatch."""
