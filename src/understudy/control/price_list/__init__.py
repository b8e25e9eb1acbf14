"""The AWS Price List service (``pricing``), answered from the price book."""
