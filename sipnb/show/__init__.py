"""How figures, tables and numbers look: one notation for every notebook and every page."""
