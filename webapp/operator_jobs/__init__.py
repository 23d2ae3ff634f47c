"""Jobs that operators ask the function for; registry.run receives all of them."""
