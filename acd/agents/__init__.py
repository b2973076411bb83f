"""Agents' states, their phones and places, their work after a call. Pure."""
