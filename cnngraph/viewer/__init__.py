"""The interactive page: one file of HTML, in which a network's blocks open and close."""
