"""What a person has a right to: erasure, with every chain still verifying."""
