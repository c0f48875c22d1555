"""Events about cases, written with the change itself and delivered to other programs."""
