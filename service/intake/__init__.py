"""Complaints out of files and mailboxes: each one taken once, however often it is broken off."""
