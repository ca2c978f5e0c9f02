"""From results and executed notebooks to pages: one self-contained plan a service, and the portfolio."""
