"""The operator's page: what Clew knows of itself, to be read in a browser and changed nowhere."""
