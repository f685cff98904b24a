"""What the ensemble methods share: members, transforms, inflation, localisation."""
