"""Cost Explorer: what the rehearsed period cost, and how commitments were used."""
