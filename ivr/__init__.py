"""The SVI: what a caller hears, presses and is led to before a queue.

`model`, `document`, `graph`, `hours`, `keypad`, `interpreter` and `rehearsal` are pure; `speech`
makes texts audible, `service` holds the flows in use, `cli` checks and tries them.
"""
