"""A season of stock from a seed: shoppers, wholesale, renters, a warehouse that counts late, and what goes wrong between them.

`plan` makes the season; `paper` plays it against any policy without a machine; `best_policy` replays what happened with all
the knowledge there was and no time lost. What must be true of it stands in `statements.season`. Nothing here knows Trueup.
"""
