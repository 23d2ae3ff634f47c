"""Services of this test process over a chosen AWS: moto, or a running emulator."""

from scripts.local.connections import forget_connections

__all__ = ["forget_connections"]
