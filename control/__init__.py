"""The local control channel between the floor and the web process.

One Unix socket, JSON lines, the floor's own vocabulary of requests: `protocol` says what travels,
`server` stands in the floor's process, `client` in the web's.
"""
