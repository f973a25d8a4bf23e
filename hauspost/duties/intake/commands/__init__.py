"""What an agent may order in the first lines of a mail: "#close", "#assign Anna", German words too (P29.3)."""
