"""Who may log in, who is logged in, and what holds for a session: rules and memory, no disk, no web."""
