"""One writer a form that a history is told in, each by its own small means."""
