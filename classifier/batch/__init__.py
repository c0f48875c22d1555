"""Classifies whole files, in several processes or on several machines, and goes on after a kill."""
