"""Checks of a gradient or an update of the line."""
