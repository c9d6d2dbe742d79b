"""The journal as other ledgers take it: one target a file, under the constant EXPORT."""
