"""Data sets for the Hub: Parquet that comes back unchanged, and a card made from facts."""
