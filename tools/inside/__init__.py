"""What runs in a sandbox's own process: these modules know nothing of ours outside this package."""
