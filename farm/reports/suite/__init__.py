"""The report of a suite: in the terminal, as Markdown, as a page."""
