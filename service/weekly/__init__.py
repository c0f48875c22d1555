"""One week for a director: what rose, what hurts most, what was done, what is next."""
