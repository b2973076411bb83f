"""A real Asterisk for this machine: found, started, ended; and SIPp from the same place.

Decides nothing about calls. `switch.lifecycle` has `up`, `down`, `status`, `console`;
`switch.model` what they take and return; `switch.sipp` how SIPp is run.
The command is `plateau.switch_cli`.
"""
