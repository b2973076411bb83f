"""Legs rung, joined, held and recorded; the one place where a contact ends. Pure."""
