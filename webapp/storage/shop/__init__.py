"""The tables about shops: settings, menu, door and hours."""
