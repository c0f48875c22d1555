"""Faults of machine, disk and database under a service that is asked all the time."""
