"""Amazon's reports on a vendor's products, one report a file. Shapes: the published JSON schemas of the vendor reports."""
