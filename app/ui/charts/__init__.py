"""Charts: pure functions from data to Altair charts or deck.gl maps. They read nothing, cache nothing, show nothing."""
