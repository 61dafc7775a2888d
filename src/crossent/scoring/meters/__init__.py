"""Statistics of rows that are updated, merged, saved, and read at the end."""
