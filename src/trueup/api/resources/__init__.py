"""Resources of the API, one a file: its shapes, its operations, and the scopes they take."""
