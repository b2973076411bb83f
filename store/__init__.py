"""SQL and the journal: what came to pass, what is configured, who may sign in."""
