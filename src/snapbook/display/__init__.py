"""How values and errors are written: plain lines, HTML cards, tables on a terminal, JSON."""
