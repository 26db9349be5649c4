import { type Page } from '@playwright/test';
import { ada, at, type Demo, expect, join1, picture, signIn, sim, test } from '../demo.ts';

// enter signs in, whichever of the journeys is the first.
async function enter(page: Page, demo: Demo): Promise<void> {
  await page.goto(demo.console_link);
  if (await page.getByRole('button', { name: 'Create account' }).isVisible()) await join1(page, demo);
  else await signIn(page, demo, ada);
}

test('cause and effect side by side: a person of the simulated tenant is blocked, deleted, restored and purged', async ({ page, demo }) => {
  await enter(page, demo);
  await page.getByRole('link', { name: 'Simulated tenant' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Simulated tenant' })).toBeVisible();
  await expect(page.locator('tbody tr').first()).toContainText('Active');
  await picture(page, 'simulator');
  await page.getByRole('searchbox').fill('nobody is called that');
  await expect(page.getByText('Nobody and nothing matches')).toBeVisible();
  await page.goto(at(demo, '/simulator'));

  await page.getByRole('button', { name: 'New person' }).click();
  await page.getByLabel('Display name').fill('Zoë <b>Blum</b>');
  await page.getByLabel('User principal name').fill('zoe.blum@contoso.example');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  const directory = page.locator('#effect');
  await expect(page.getByRole('heading', { level: 1, name: 'Zoë <b>Blum</b>' })).toBeVisible();
  await expect(directory.locator('section').first()).toContainText('Active', { timeout: 20_000 });
  await page.getByLabel('Display name').fill('Zoë Harbour');
  await page.getByRole('button', { name: 'Change in the tenant' }).click();
  await expect(directory).toContainText('Harbour', { timeout: 20_000 });
  await page.getByRole('button', { name: 'Block sign-in' }).click();
  await expect(directory.locator('section').first()).toContainText('Inactive', { timeout: 20_000 });
  await picture(page, 'simulator-person');
  await page.getByRole('button', { name: 'Unblock sign-in' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(directory.locator('section').first()).toContainText('Recycle bin', { timeout: 20_000 });
  await page.getByRole('button', { name: 'Restore' }).click();
  await expect(directory.locator('section').first()).toContainText('Active', { timeout: 20_000 });
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByText('It was deleted for good')).toBeVisible();
  await expect(directory.locator('section').first()).toContainText('Not there', { timeout: 20_000 });
  await picture(page, 'simulator-gone');
});

test('a group of the simulated tenant, its members, and the machinery', async ({ page, demo }) => {
  await enter(page, demo);
  await page.goto(at(demo, '/simulator/groups'));
  await picture(page, 'simulator-groups');
  await page.getByRole('button', { name: 'New group' }).click();
  await page.getByLabel('Display name').fill('Harbour crew');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await expect(page.getByText('Nobody is in this group.')).toBeVisible();
  const { users } = await sim(demo, 'GET', '/users?limit=1') as { users: { userPrincipalName: string; displayName: string }[] };
  await page.getByLabel('Let somebody join').fill(users[0].userPrincipalName);
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.locator('ul.lines').first()).toContainText(users[0].displayName);
  await page.getByLabel('Let somebody join').fill('no such person');
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByRole('alert')).toContainText('nobody with this name');
  await picture(page, 'simulator-group');

  await page.getByRole('link', { name: 'Simulated tenant' }).first().click();
  await page.getByRole('link', { name: 'Clock and faults' }).click();
  await page.getByRole('button', { name: 'Take away' }).click();
  await expect(page.getByText('Taken away')).toBeVisible();
  await expect(page.locator('#standing')).toContainText(/Waiting for consent|Quarantine/, { timeout: 30_000 });
  await page.getByLabel('Fault').selectOption({ label: 'Too many requests (429)' });
  await page.getByRole('button', { name: 'Switch on' }).click();
  await expect(page.getByText('3 times left')).toBeVisible();
  await picture(page, 'simulator-machinery');
  await page.getByRole('button', { name: 'Grant' }).click();
  await expect(page.locator('#standing')).toContainText('Active', { timeout: 30_000 });
  await page.getByLabel('Move forward by').selectOption('720h');
  await page.getByRole('button', { name: 'Move the clock' }).click();
  await expect(page.getByText('ahead of this machine')).toBeVisible();
  await page.goto(at(demo, '/users'));
  await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible();
});
