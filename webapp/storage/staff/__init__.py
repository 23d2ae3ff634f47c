"""Tables about who works behind the bar: people, screens and devices."""
