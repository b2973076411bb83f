"""Who gets which call, how wide the search is by now, and how long it will take. Pure."""
