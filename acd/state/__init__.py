"""The floor's working state: calls, agents, legs, deadlines, and what is told of them. Pure."""
