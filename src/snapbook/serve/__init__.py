"""A Bundle that serves: reads its folder alone, needs no repository and no database."""
