"""Use cases about the door: from the QR code to the order."""
