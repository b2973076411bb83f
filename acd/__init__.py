"""The floor: calls, agents and queues, and the choice of who talks to whom.

Here stand the words that all share (`model`, `config`, `events`, `commands`, `call`, `facts`,
`flow`, `sightings`, `errors`), what people write (`expressions`, `opening`, `phone_numbers`,
`pins`), the transition tables (`states`) and the one door (`engine`). The packages decide and are
pure, but for `shell`, which awaits.
"""
