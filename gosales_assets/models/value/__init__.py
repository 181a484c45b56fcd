"""What a purchase is worth: the value in the label window of who buys."""
