"""The servers of a submit: which model they have, and whether it thinks."""
