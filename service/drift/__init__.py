"""Whether what comes in is still like what the model was trained on."""
