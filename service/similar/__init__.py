"""Which closed cases were like an open one, and how they ended."""
