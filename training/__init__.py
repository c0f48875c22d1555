"""Labelled tables in, a model folder out."""
