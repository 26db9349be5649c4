import { at, expect, join1, picture, sim, test } from '../demo.ts';

interface People { users: { id: string; displayName: string; userPrincipalName: string; accountEnabled: boolean }[] }
interface Groups { groups: { id: string; displayName: string }[] }

test('a user and a group with chosen members are provisioned on demand, while Auto Sync is off', async ({ page, demo }) => {
  await join1(page, demo);
  await page.goto(at(demo, '/directory-synchronization'));
  await page.getByRole('switch').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Turn Auto Sync off' }).click();
  await expect(page.getByRole('switch')).toHaveAttribute('aria-checked', 'false');
  const { users } = await sim(demo, 'GET', '/users?limit=300') as People;
  const [ann, ben] = users.filter((user) => user.accountEnabled);
  await sim(demo, 'POST', `/users/${ann.id}/block`);

  // Somebody whom the tenant was not asked about yet, by the address; then a user who is found as one types.
  await sim(demo, 'POST', '/users', { displayName: 'Nina Novak', userPrincipalName: 'nina.novak@contoso.example' });
  await page.getByLabel('More for Demo').click();
  await page.getByRole('link', { name: 'Provision a user on demand' }).click();
  await expect(page.locator('#found li')).toHaveCount(20);
  await picture(page, 'provision');
  await page.getByLabel('Find a user in the tenant').fill('nina.novak@contoso.example');
  await page.getByRole('button', { name: 'Take “nina.novak@contoso.example” as it is' }).click();
  await expect(page.getByText('Provisioning success')).toBeVisible();
  await page.getByRole('link', { name: 'Provision another user' }).click();
  await page.getByLabel('Find a user in the tenant').fill(ann.userPrincipalName.toUpperCase());
  await page.locator('#found').getByRole('button', { name: 'Provision ' + ann.displayName, exact: true }).click();
  await expect(page.getByText('Provisioning success')).toBeVisible();
  await expect(page.locator('ol.steps > li')).toHaveCount(5);
  await expect(page.locator('ol.steps')).toContainText('The user became Inactive');
  await picture(page, 'results');
  await page.getByRole('button', { name: 'Re-try' }).click();
  await expect(page.getByText('Provisioning skipped')).toBeVisible();

  // A group with two members.
  const { groups } = await sim(demo, 'GET', '/groups?limit=1') as Groups;
  await page.getByRole('link', { name: 'Provision another user' }).click();
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Group', exact: true }).click();
  await page.getByLabel('Find a group in the tenant').fill(groups[0].displayName);
  await expect(page.locator('#found tbody tr').first()).toContainText(groups[0].displayName);
  await picture(page, 'provision-group');
  await page.locator('#found').getByRole('link', { name: 'Choose ' + groups[0].displayName, exact: true }).click();
  await expect(page.getByText('Nobody is chosen')).toBeVisible();
  for (const person of [ann, ben]) {
    await page.getByLabel('Choose members').fill(person.userPrincipalName);
    await expect(page.locator('#found li')).toHaveCount(1);
    await page.locator('#found').getByRole('button', { name: 'Add ' + person.displayName, exact: true }).click();
    await expect(page.locator('#fields')).toContainText(person.userPrincipalName);
  }
  await expect(page.locator('#found .pill')).toHaveText('Added');
  await picture(page, 'provision-members');
  await page.getByRole('button', { name: 'Remove ' + ann.displayName }).click();
  await expect(page.locator('#fields li')).toHaveCount(1);
  await page.getByRole('button', { name: 'Provision', exact: true }).click();
  await expect(page.getByText(/Provisioning (success|skipped)/).first()).toBeVisible();
  await picture(page, 'results-group');
  await page.getByRole('button', { name: 'Re-try' }).click();
  await expect(page.getByText(/Provisioning (success|skipped)/).first()).toBeVisible();
  await page.getByRole('link', { name: 'Done' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Directory synchronization' })).toBeVisible();
});
