"""Reports as single HTML files: no network, no build step, nothing of a model's that can act."""
