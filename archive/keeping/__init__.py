"""Keeping an archive for the long run: read again, copied, packed."""
