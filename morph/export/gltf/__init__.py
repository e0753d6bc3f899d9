"""Binary glTF."""
