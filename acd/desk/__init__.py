"""What agents and supervisors do with calls, and what comes of offers. Pure."""
