"""Statistics on plain numbers: no module here knows what a ticket is, and none imports the rest of sipnb."""
