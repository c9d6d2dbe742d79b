"""How we talk to another system, naming none: capabilities, one HTTP client, rate budgets."""
