"""A synthetic country: bodies, years and reports that nobody ever published.

Every place is called 虚构…, every code begins with 99, every text says that it is invented, and
every site is called synthetic-…; an archive of it is never mixed with a real one.
"""
