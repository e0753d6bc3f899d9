"""What this machine can do for morph: installed packages, codecs, networks, OpenGL, cameras."""
