"""Which target gets a request, and which targets are healthy."""
