"""Boxes on lanes: the layout of the blocks style.

A part is measured first, then placed on the axis it is given: nothing overlaps by construction, in time
linear in the number of parts. Branches of a fork lie on lanes one under the other; what passes the work by
runs above it as an arc. Connectors turn inside the gutters beside a fork and then run straight.
"""
