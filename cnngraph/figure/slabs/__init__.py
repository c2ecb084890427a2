"""Volumes as slabs, in the row of their height and width: the shape of the network is the shape of the figure, a U for
U-Net, two pyramids for FPN, an hourglass. What never becomes larger again stands in one row.

`resolution` says in which row a unit stands, `nodes` what is drawn as one thing, `places` where; the style `slabs`
draws it.
"""
