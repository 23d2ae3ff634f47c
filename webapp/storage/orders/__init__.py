"""The tables about orders, from the choice to the cup."""
