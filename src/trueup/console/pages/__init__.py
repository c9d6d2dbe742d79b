"""The console's pages: one file a page, its template beside it under the same name."""
