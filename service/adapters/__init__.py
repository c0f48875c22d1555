"""Ticket systems: their webhooks come in, what was found is written back to their tickets."""
