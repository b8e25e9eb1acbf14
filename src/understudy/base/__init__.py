"""Words that every layer shares: diagnostics, faults, ids, ARNs, quantities."""
