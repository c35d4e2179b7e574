"""Checks of gradients, updates and programs that somebody wrote, which name the mistake."""
