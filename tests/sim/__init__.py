# SPDX-License-Identifier: MIT
"""Simulators of the services that tokenring talks to, for tests over loopback TLS."""

from .ca import CA
from .git import GitFront
from .itcare import ITCare
from .oauth import OAuth
from .sainet import Sainet
from .server import Server

__all__ = ["CA", "GitFront", "ITCare", "OAuth", "Sainet", "Server"]
