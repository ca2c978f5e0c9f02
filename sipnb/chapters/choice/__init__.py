"""The choice: which options of all services to take under the budget of the organisation."""
