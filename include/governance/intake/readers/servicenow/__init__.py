"""Records of a ServiceNow table, with their audit history where that is granted."""
