"""Servers on loopback, each in a process of its own."""
