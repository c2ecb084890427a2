"""The language server: what an editor asks about a spec, answered from its syntax tree and its network."""
