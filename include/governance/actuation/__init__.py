"""Actuation: make AWS agree with the register. Off, unless a policy switches it on."""
