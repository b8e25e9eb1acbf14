"""The whole stand-in as one state machine, driven by the live and the simulated world alike."""
