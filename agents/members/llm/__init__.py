"""Members of the crowd that ask a language model: with one call, with a dossier, with tools, or with Python."""
