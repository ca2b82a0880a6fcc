"""Thirty nights over a replica that changes, and what the archive has to say of them."""
