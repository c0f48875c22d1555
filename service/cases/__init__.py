"""The case queue: what people look at, what they decide, and what the model learns from it."""
