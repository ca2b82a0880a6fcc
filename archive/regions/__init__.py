"""Publishing an archive that is too large for one database: one release a region."""
