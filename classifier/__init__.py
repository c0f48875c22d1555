"""Complaint text in, prediction and decision out: a library without web or database."""
