"""model/: the frozen nouns that every other room speaks of.

Owns World, View, Claim, Zone, Node, Question, Ask, Answer, Reason, the steps of an explanation, and the plan of what to
serve.  All are frozen: a value that crosses a room can be shared by every query and kept by any cache.

Must never parse, decide, log or hold a lock.

A worked example::

    view = world.views["app"]
    claim = view.claims[Name.from_text("example.com")]      # Claim(kind=PRIVATE_ZONE, action=Zone(...))
    claim.action.nodes[Name.from_text("www.example.com")].answers[1].reason.kind
"""
