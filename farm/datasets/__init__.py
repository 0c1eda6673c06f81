"""Problems and completions from files: readers, selection, the blob store and the bundled sample set."""
