"""Plateau: where everything is put together. Settings, clock, the processes, the command line."""
