"""Use cases about orders, from the choice to the cup."""
