"""The floor: calls, agents and queues, and the choice of who talks to whom.

`model`, `events`, `commands`, `facts` and `flow` are the vocabulary; `states`, `routing` and
`engine` decide and are pure; `translate` and `service` are the shell around them.
"""
