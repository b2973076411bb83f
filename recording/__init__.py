"""Recordings of conversations: is the audio there, whole and what it says it is?

`wav` reads a file's header and measures it, `service` follows each recording from the moment it is
asked for to a verified file, or to the reason why there is none.
"""
