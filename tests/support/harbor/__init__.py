"""Files of harbor."""
