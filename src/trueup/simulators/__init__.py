"""Real HTTP servers with the real systems' rules and lies, for tests, the demo and an independent auditor."""
