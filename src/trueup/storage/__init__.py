"""Storage: SQL on PostgreSQL, one file an aggregate. Rows become frozen values here; decisions belong to the domain."""
