"""Version the models that you make in notebooks."""
