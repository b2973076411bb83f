"""What is counted today, and which thresholds it passes. Pure."""
