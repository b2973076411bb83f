"""`make demo`: a whole contact centre on this machine, with callers and agents, to look at.

It is an integrator's program: it configures and reads Plateau over REST, and its callers and
agents are SIP phones. Only its final check looks into the SQL store.
"""
