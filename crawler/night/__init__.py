"""The night: a plan, a lock, the work, what came of it and who is told."""
