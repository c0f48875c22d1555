"""The life of personal data: how long it is kept, what is held of a person, and its end."""
