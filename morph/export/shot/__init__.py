"""What a shot holds beside the moving head: a camera, materials of its regions, and what the head wears."""
