"""What a camera writes into a picture beside its pixels."""
