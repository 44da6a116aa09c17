"""Files of models: written whole or not at all, read without running code, sealed by a checksum."""
