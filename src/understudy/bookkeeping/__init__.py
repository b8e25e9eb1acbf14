"""AWS services that only keep books, answered by moto."""
