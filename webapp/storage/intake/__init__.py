"""The tables about the intake, from the QR code to the order."""
