"""Which room news, a wish, a failure, a timer or a look at the switch concerns. Pure."""
