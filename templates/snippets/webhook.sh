stonepine webhook create {{ place.organization.slug }}{% if place.project %} --project {{ place.project.slug }}{% endif %} \
  --event index.ready --event backup.failed \
  "deploy bot" https://example.com/stonepine
