"""A stay in a queue: who may enter, what is heard meanwhile, how it ends. Pure."""
