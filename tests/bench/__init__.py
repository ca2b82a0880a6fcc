"""How fast and how right reading is, as ratios measured in one run (``python -m tests.bench``)."""
