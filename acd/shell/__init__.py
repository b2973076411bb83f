"""Sockets and tasks around the engine: the only part of the floor that awaits."""
