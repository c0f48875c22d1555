"""A simulated year of cases with planted findings, and how well insight finds them."""
