"""Tables about the door: from the QR code to the order."""
