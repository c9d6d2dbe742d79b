"""One kind of long work a file, each a constant `WORK`."""
