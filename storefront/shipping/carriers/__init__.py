"""Those who carry parcels and tell where they are: one port, a file for each who tells."""
