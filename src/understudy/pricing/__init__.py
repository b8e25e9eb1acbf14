"""What capacity costs."""
