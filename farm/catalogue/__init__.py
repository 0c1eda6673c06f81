"""Which models exist, where they run, what they are evaluated with and what others measured."""
