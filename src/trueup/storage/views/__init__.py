"""What people and machines look at: rows as plain JSON, read-only, paged by key."""
