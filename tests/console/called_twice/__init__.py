"""What programs ask for twice, of every operation of the API that writes: whose things the rows of the console's forms set up."""
