"""Scripts of the repository: the demo, the documentation, the tiny base."""
