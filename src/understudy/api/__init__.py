"""AWS wire protocols to operations and back."""
