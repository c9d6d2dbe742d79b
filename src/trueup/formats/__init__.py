"""Bytes to domain documents and back. No files, no network, no database."""
