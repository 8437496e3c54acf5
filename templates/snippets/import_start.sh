{% load snippet %}{% autoescape off %}# On the installation's machine, as its operator
stonepine import start {{ visit.organization.slug }} {{ visit.project.slug }} {{ index.name }} \
  {{ uri|shell }} --on-error {{ on_error|shell }}{% if integration %} --integration {{ integration|shell }}{% endif %}{% endautoescape %}
