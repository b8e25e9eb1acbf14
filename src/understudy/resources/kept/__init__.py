"""Resource types whose services only keep books here: tables of the calls that keep them."""
