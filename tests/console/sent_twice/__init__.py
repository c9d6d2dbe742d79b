"""What is sent twice at the same instant, of every form that the console has: how its thing is set up, and what is sent."""
