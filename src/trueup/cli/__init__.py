"""The command line: look, ask a workflow, show. Exit codes: 0 good, 1 findings, 2 refused."""
