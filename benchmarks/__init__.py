"""How fast, and how right: ratios measured side by side in one run. Start it with `python -m benchmarks`."""
