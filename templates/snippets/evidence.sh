# On the installation's machine, as its operator
stonepine org evidence {{ organization.slug }}
