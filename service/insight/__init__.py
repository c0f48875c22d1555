"""What many cases say together: surges, emerging words, frequent issues."""
