"""From a source's own records to a canonical batch in the register."""
