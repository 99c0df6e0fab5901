"""compile/: `Settings` into a `World` and a `Plan`.

Owns the service catalogue, endpoint names and addresses, zones, the claim table of every view with its ties settled, and
answers packed once for all queries; one `compile_x` a kind.  What AWS would refuse is found here, in AWS's words.

Must never do I/O, depend on order or time, or import `resolve`.

A worked example::

    problems = Problems()
    world = compile_world(settings, Machine(system_servers=(), version="0.1.0", digest="5f1c"), problems)
    problems.found        # [(("private_zones", 1), "ConflictingDomainExists: The VPC vpc-0a… has already …", "")]
    world.views["app"].claims[Name.from_text("example.com")].kind      # ClaimKind.PRIVATE_ZONE
"""
