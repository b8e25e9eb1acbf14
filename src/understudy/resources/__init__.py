"""One file per AWS resource type: properties in, calls to services out."""
