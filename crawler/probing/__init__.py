"""Probing: what a site shows, held against its profile; a profile for a new site."""
