"""vpcdns: the VPC's DNS resolver on your laptop."""

__version__ = "0.1.0"
