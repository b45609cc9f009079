"""The desk for other agents: tools over the Model Context Protocol."""
