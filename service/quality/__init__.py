"""How good the service is: what customers say when asked, and what the cases themselves tell."""
