"""telling/: answers, and how they came about, in words and as JSON.

Owns records in zone-file lines, what came of a question in a word, each step of a resolution with the rule of AWS behind it,
and the same for programs.  The terminal and the control API say the same because both take it from here.

Must never decide an answer, or know who reads: no terminal, no widths, no colours.

A worked example::

    [finding] = await ask_all(configuration, [inquiry], live=False)
    passages = passages_of(configuration, finding, live=False)      # [Passage("In view app (…)", …), …]
    explanation_json(finding, passages)["reason"]                   # {"kind": "private zone", "text": "private zone …"}
"""
