"""Bank statements: one module a format, each with its constant FORMAT, each read to `Statement`s of the domain."""
