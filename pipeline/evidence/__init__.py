"""Evidence: pictures of the place in the archived original that a figure was read from."""
