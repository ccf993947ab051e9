"""From a recording to edits of the author's text: what scoring runs."""
