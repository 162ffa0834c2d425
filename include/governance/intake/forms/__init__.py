"""Request forms: one definition for each kind of request, from which every template and its spec are made."""
