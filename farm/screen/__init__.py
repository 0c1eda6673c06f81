"""What a terminal shows of a use case while it works; plain lines in a pipe or a file."""
