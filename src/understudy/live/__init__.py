"""The live world: the real clock, real processes, real sockets."""
