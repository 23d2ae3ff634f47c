"""Tables about shops: settings, menu, door and hours."""
