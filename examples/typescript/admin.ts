// The Admin API by the official client: a project, a key, an invitation, a machine and its roles.
//
//   npm ci && npx tsc
//   node dist/admin.js NAME http://127.0.0.1:8080 CLIENT_ID CLIENT_SECRET
//
// `stonepine bootstrap --json` prints a client id and its secret. The client asks Pinecone's own
// address for its token; `fetchApi` sends that one request to this installation instead.

import { AdminClient } from '@pinecone-database/pinecone';

const [name, host, clientId, clientSecret] = process.argv.slice(2);
if (!name || !host || !clientId || !clientSecret) {
  throw new Error('usage: admin.js NAME HOST CLIENT_ID CLIENT_SECRET');
}

const admin = new AdminClient({
  clientId,
  clientSecret,
  controllerHostUrl: host,
  fetchApi: (url, init) =>
    fetch(String(url).replace('https://login.pinecone.io', host), init),
});

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not as expected: ${what}`);
}

const organizations = (await admin.organizations.list()).data;
const organization = organizations[0]!;
expect(organizations.length === 1, 'an account belongs to one organization');

const project = await admin.projects.create({ name });
expect(project.organizationId === organization.id, 'the project is the organization’s');
const made = await admin.apiKeys.create(project.id, { name: 'first', roles: ['ProjectViewer'] });
expect(made.value.startsWith('pcsk_'), 'the key is shown once');
const renamed = await admin.apiKeys.update(made.key.id, { name: 'second' });
expect(renamed.name === 'second' && renamed.roles[0] === 'ProjectViewer', 'roles stay');
await admin.apiKeys.delete(made.key.id);
expect((await admin.apiKeys.list(project.id)).data.length === 0, 'the key is gone');

const invite = await admin.invites.create({
  email: `${name}@example.org`,
  roleBindings: [{ resourceType: 'organization', role: 'OrgMember' }],
});
expect(invite.status === 'pending', 'the invitation waits');
await admin.invites.resend(invite.id);
await admin.invites.delete(invite.id);

const robot = await admin.serviceAccounts.create({
  name,
  roleBindings: [{ resourceType: 'project', resourceId: project.id, role: 'ProjectOwner' }],
});
const account = robot.serviceAccount;
const held = await admin.roleBindings.list({
  principalType: 'service_account',
  principalId: account.id,
});
expect(held.data?.[0]?.role === 'ProjectOwner', 'the machine holds its role');
const rotated = await admin.serviceAccounts.rotateSecret(account.id);
expect(rotated.clientSecret !== robot.clientSecret, 'the secret is another one');
await admin.roleBindings.delete(held.data![0]!.id);
await admin.serviceAccounts.delete(account.id);

const users = await admin.users.list({ limit: 1 });
expect(users.data?.length === 1, 'somebody owns the organization');

await admin.projects.delete(project.id);
console.log('done');
