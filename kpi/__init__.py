"""What each indicator means: one formula for every screen, report and export."""
