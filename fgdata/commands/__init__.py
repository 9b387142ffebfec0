"""What `fgdata` can do: a module a command, read when the command is called."""
