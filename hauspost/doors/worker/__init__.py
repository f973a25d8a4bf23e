"""Where time arrives: the loop that delivers, reacts, sends and reminds."""
