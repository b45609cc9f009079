"""Where the queries of the agent benchmark come from."""
