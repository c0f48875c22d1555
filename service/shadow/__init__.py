"""A candidate model beside the one that serves: what it would have said, and how people judged."""
