"""Which customers may leave, told by their cases; customers are known by a keyed hash alone."""
