"""Partners' guides as data: one file each, a constant `GUIDE`. A quirk is a row here, never an option in the code."""
