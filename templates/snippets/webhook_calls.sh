stonepine webhook test {{ webhook.organization.slug }} {{ webhook.id }}
stonepine webhook deliveries {{ webhook.organization.slug }} {{ webhook.id }}
