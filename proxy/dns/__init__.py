r"""dns/: bytes. Names, messages and record data in wire form (RFC 1035), and the text that people write for them.

Owns reading queries and replies, writing answers and queries, EDNS (RFC 6891), fitting an answer to its transport, and
packing record text.  It is the only room that imports dnslib, and only for record types that are rare on the query path.

Must never know a zone, a view or a VPC; raise anything but `MalformedMessage`; guess at what broken bytes might mean.

A worked example::

    query = read_query(packet)                      # Query(name=b"\x03www\x07example\x03com\x00", type=1, ...)
    found = RecordSet.pack(TYPE_A, 300, [pack_rdata(TYPE_A, "10.0.5.10")])
    packet = write_answer(query, Sections(answer=((None, found),)), limit=udp_limit(query))
"""
