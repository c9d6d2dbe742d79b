"""Remittances as Amazon sends them, one file a source; what their files share begins with an underscore."""
