"""host/: the machine's own resolver.

Owns reading which DNS servers this machine asks.

Must never change anything on the machine without a journal that undoes it.

A worked example::

    system_servers(Path("/etc/resolv.conf").read_text())    # (ServerAddress(Protocol.UDP, "192.168.1.1", 53),)
"""
