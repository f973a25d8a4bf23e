"""The bench: seeds a desk with many tickets and measures mail, pages, memory and start on both databases."""
