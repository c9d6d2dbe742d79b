"""One hold rule a file, each a constant `HOLD`."""
