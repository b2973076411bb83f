"""Where a call goes next: queue, agent, outside, voicemail, callback, away. Pure."""
