"""Use cases about shops: settings, menu, door and hours."""
