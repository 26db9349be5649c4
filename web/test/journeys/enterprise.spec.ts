import { another, api, expect, join1, picture, sim, test } from '../demo.ts';

interface Tenant { tenant_id: string; client_id: string; client_secret: string }
interface People { users: { id: string; displayName: string; userPrincipalName: string; surname: string; givenName: string; accountEnabled: boolean }[] }

test('an enterprise: its own mapping, two groups and those inside one of them, review, first sync, the members arrive', async ({ page, demo }) => {
  await join1(page, demo);
  const { id, pages } = await another(demo, 'Enterprise');
  const tenant = await sim(demo, 'GET', '/tenant') as Tenant;
  const { users } = await sim(demo, 'GET', '/users?limit=300') as People;
  const [ann, ben, cleo] = users.filter((user) => user.accountEnabled && user.givenName && user.surname && /^[\x20-\x7e]+$/.test(user.displayName));
  const group = async (displayName: string, members: string[]) => {
    const made = await sim(demo, 'POST', '/groups', { displayName }) as { id: string };
    await sim(demo, 'POST', `/groups/${made.id}/join`, { members });
    return made.id;
  };
  const inner = await group('Harbour pilots', [ben.id]);
  await group('Harbour', [ann.id, inner]);
  await group('Lighthouse', [cleo.id]);
  const instance = await api<{ id: string }>(demo, 'POST', `/organizations/${id}/instances`, {
    name: 'Staff', tenantId: tenant.tenant_id, cloud: 'simulated', clientId: tenant.client_id, clientSecret: tenant.client_secret,
  }, 201);
  await api(demo, 'POST', `/organizations/${id}/instances/${instance.id}/sync`, { kind: 'dry-run' }, 202);
  await page.goto(`${pages}/setup/${instance.id}`);
  await expect(page.getByText(/^\d+ users in scope$/)).toBeVisible({ timeout: 20_000 });
  await page.getByText('Configure it yourself').click();
  await page.getByRole('button', { name: 'Proceed' }).click();

  // The expression, whose result is seen for one user as it is written.
  await page.getByRole('button', { name: 'displayName', exact: true }).click();
  await page.getByRole('button', { name: 'Expression', exact: true }).click();
  await page.getByLabel('Try it on a user').fill(ann.userPrincipalName);
  const area = page.getByRole('textbox', { name: 'Expression' });
  await area.fill('Join(" ", ToUpper([surname], ), [givenName])');
  await expect(page.locator('.compared tbody')).toContainText(`${ann.surname.toUpperCase()} ${ann.givenName}`);
  await area.fill('Join(", ", ToUpper([surname], ), [givenName])');
  await expect(page.locator('.compared tbody')).toContainText(`${ann.surname.toUpperCase()}, ${ann.givenName}`);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Choose who is synchronised' })).toBeVisible();
  await page.getByText('Select all users').click();
  await page.getByRole('button', { name: 'Save' }).click();

  // Two groups; of one, those inside as well.
  await expect(page.getByRole('heading', { level: 1, name: 'Choose which groups are synchronised' })).toBeVisible();
  await page.getByRole('button', { name: 'Read again' }).click();
  for (const name of ['Harbour', 'Lighthouse']) {
    await page.getByLabel('Find a group in the tenant').fill(name);
    await page.locator('#found').getByRole('button', { name: 'Add ' + name, exact: true }).click();
    await expect(page.locator('.tree > li', { hasText: name })).toBeVisible();
  }
  await page.locator('.tree > li', { hasText: 'Harbour' }).getByRole('checkbox').check();
  await expect(page.locator('.tree ul li', { hasText: 'Harbour pilots' }).locator('.pill')).toBeVisible();
  await picture(page, 'enterprise-groups');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'More options' })).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Review and allow' })).toBeVisible();
  await expect(page.locator('#foresight')).toContainText('3 users and 3 groups in scope', { timeout: 20_000 });
  await picture(page, 'enterprise-review');
  await page.getByRole('button', { name: 'Allow now' }).click();

  // They arrive, with their members and the names of the mapping.
  await expect.poll(async () => { await page.goto(`${pages}/users`); return page.locator('tbody tr').count(); }, { timeout: 30_000 }).toBe(3);
  await expect(page.locator('tbody')).toContainText(`${ann.surname.toUpperCase()}, ${ann.givenName}`);
  await page.goto(`${pages}/groups`);
  await expect(page.locator('tbody tr')).toHaveCount(3);
  for (const [name, member] of [['Harbour', ann], ['Harbour pilots', ben], ['Lighthouse', cleo]] as const) {
    await page.goto(`${pages}/groups`);
    await page.getByRole('link', { name, exact: true }).click();
    await expect(page.locator('main')).toContainText(`${member.surname.toUpperCase()}, ${member.givenName}`);
  }
  await page.goto(`${pages}/groups`);
  await page.getByRole('link', { name: 'Harbour', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Harbour pilots' })).toBeVisible();
  await picture(page, 'enterprise-group');
});
