"""Use cases about getting in: from the QR code to the order."""
