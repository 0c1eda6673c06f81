"""Getting datasets: from a server, from a folder, or through the `datasets` library."""
