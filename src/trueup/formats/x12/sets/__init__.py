"""Transaction sets: one file each, with its grammar as `SET`, what it is as `FORMAT`, and its reader or writer."""
