"""A structured dialogue for a person's forecast: the own number first, then questions, then the update."""
