"""The agent-evaluation benchmark: any members, language models included, on questions about pair-days."""
