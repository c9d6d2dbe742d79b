"""The console: pages for people, drawn by the server. It looks through views, acts through workflows, and decides nothing."""
