"""Is it right? Compare the two paths, bound their rounding, and name the mistake in a derivation."""
