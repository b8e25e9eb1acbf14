"""An outcome drawn: terminal, JSON, SVG and a self-contained page."""
