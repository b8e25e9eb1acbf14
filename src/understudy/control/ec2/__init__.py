"""The part of EC2 that the engine keeps itself: launch templates."""
