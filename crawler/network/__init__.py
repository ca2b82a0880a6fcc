"""The network: what leaves, how fast, what comes back, and where it is kept."""
