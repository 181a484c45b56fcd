"""Raw inputs: finding them, streaming their rows, and saying clearly what is wrong with them."""
