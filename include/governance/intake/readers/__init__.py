"""Readers, one folder for each family: `registry` names them all, `kind` says what one consists of."""
