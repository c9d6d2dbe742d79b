"""What the auditor states, one file a subject: each function looks at the evidence and says what it found."""
