"""Renderers of an evaluation: terminal lines, JSON, one offline HTML page. No torch, no files."""
