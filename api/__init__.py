"""The web process: REST, the live stream and the page. Call control is another process."""
