"""The book of jobs: what was asked for, how it stands, and which workers are alive."""
