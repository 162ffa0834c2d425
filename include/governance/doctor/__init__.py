"""Everything a run needs, checked one by one; what is wrong comes with its mend."""
