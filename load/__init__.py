"""Callers and agents' phones for Plateau, made of SIPp (3.8) and a little sound of our own.

SIPp does the signalling from `scenarios/`. Parties steered one by one (`caller`, `agent`,
`outside`) have a voice and ears in Python; `callers` and `fleet` are many, in one SIPp process.
Knows nothing of Plateau but SIP and REST: contract tests, the demonstration, measurements and the
commands `plateau call` and `plateau load` are made of it.
"""
