"""Content-system adapters: how a platform writes its pagers, lists and articles."""
