"""Published prices as they were found, one module for each source and date."""
