"""One file or folder a remote system: it implements `remote` capabilities. No formats, no decisions, no SQL, never each other."""
