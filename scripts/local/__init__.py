"""The bar on this machine: emulator, function, stack and web process."""
