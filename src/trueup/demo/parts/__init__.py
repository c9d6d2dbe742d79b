"""What the demonstration is made of: one part a file, under the constant PART."""
