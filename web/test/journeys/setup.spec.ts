import { another, expect, join1, picture, sim, test } from '../demo.ts';

interface Tenant { tenant_id: string; client_id: string; client_secret: string }

test('a tenant is set up with the defaults in few clicks, and configured in its tabs', async ({ page, demo }) => {
  await join1(page, demo);
  const { pages: org } = await another(demo, 'Contoso AG');
  const tenant = (await sim(demo, 'GET', '/tenant')) as Tenant;

  // The form, with a wrong secret first.
  await page.goto(`${org}/setup`);
  await picture(page, 'setup');
  await page.getByLabel('Name of the instance').fill('Contoso staff');
  await page.getByLabel('Cloud').selectOption('simulated');
  await page.getByLabel('Tenant', { exact: true }).fill(tenant.tenant_id);
  await page.getByLabel('Client ID', { exact: true }).fill(tenant.client_id);
  await page.getByLabel('Client secret', { exact: true }).fill('not the secret');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByText('The tenant could not be read')).toBeVisible();
  await picture(page, 'setup-failed');
  await page.getByLabel('Client secret', { exact: true }).fill(tenant.client_secret);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText(/^\d+ users in scope$/)).toBeVisible({ timeout: 20_000 });
  await picture(page, 'setup-begin');

  // Left, and come back: it goes on where it was. Then the tabs.
  await page.goto(`${org}/setup`);
  await page.getByRole('link', { name: 'Continue Contoso staff' }).click();
  await page.getByText('Configure it yourself').click();
  await page.getByRole('button', { name: 'Proceed' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Choose which attributes are synchronised' })).toBeVisible();
  await expect(page.locator('.compared table')).toBeVisible();
  await picture(page, 'config-attributes');

  await page.getByRole('button', { name: 'displayName', exact: true }).click();
  await page.getByRole('button', { name: 'Expression', exact: true }).click();
  const area = page.getByRole('textbox', { name: 'Expression' });
  await area.fill('Join(" ", [givenName], ToUpper([surnam]))');
  await expect(page.getByText('1 problem')).toBeVisible();
  await expect(page.locator('.under .err')).toHaveText('surnam');
  await picture(page, 'config-mistake');
  await page.getByRole('button', { name: 'Replace with surname' }).click();
  await expect(page.locator('.compared')).toContainText('would get another value');
  await page.getByLabel('Try it on a user').fill('a');
  await expect(page.locator('.compared tbody tr')).toHaveCount(11);
  await page.getByRole('textbox', { name: 'Expression' }).press('End');
  await page.getByRole('textbox', { name: 'Expression' }).pressSequentially(' & ToL');
  await expect(page.getByRole('option', { name: /ToLower/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Expression' }).fill('Join(" ", [givenName], ToUpper([surname], ))');
  await expect(page.locator('.compared')).toContainText('would get another value');
  await picture(page, 'config-expression');
  await page.getByRole('button', { name: 'Save' }).click();

  // Users.
  await expect(page.getByRole('heading', { level: 1, name: 'Choose who is synchronised' })).toBeVisible();
  await page.getByText('Select all users').click();
  await expect(page.getByText('Nobody would be in scope.')).toBeVisible();
  await page.getByLabel('Find a user in the tenant').fill('anaïs');
  await expect(page.locator('#found li').first()).toContainText('Anaïs');
  await page.locator('#found').getByRole('button', { name: /^Add/ }).first().click();
  await expect(page.getByRole('heading', { name: 'Selected users' })).toBeVisible();
  await expect(page.locator('#found .pill')).toHaveText(['Added']);
  await page.getByRole('button', { name: 'Add a filter' }).click();
  await page.getByLabel('Attribute', { exact: true }).fill('city');
  await page.getByLabel('Operator').selectOption('IS NOT NULL');
  await picture(page, 'config-users');
  await page.getByRole('button', { name: 'Save' }).click();

  // Groups.
  await expect(page.getByRole('heading', { level: 1, name: 'Choose which groups are synchronised' })).toBeVisible();
  await page.locator('#found').getByRole('button', { name: /^Add/ }).first().click();
  await expect(page.locator('.tree li')).not.toHaveCount(0);
  await page.locator('#found').getByRole('button', { name: /^Add/ }).first().click();
  await picture(page, 'config-groups');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'More options' })).toBeVisible();
  await picture(page, 'config-more');
  await page.getByRole('button', { name: 'Save' }).click();

  // Review, pilot, allow.
  await expect(page.getByRole('heading', { level: 1, name: 'Review and allow' })).toBeVisible();
  await expect(page.getByText(/in scope$/).first()).toBeVisible({ timeout: 20_000 });
  await page.getByLabel('Pilot: one user first').fill('a');
  await page.locator('#found').getByRole('button', { name: /^Provision/ }).first().click();
  await expect(page.locator('#pilot .pill')).toBeVisible({ timeout: 20_000 });
  await picture(page, 'config-review');
  await page.getByRole('button', { name: 'Save and allow later' }).click();
  await expect(page.getByRole('status').first()).toContainText('Nothing is synchronised before you allow it');
  await page.goto(`${org}/setup`);
  await page.getByRole('link', { name: 'Continue Contoso staff' }).click();
  await page.getByRole('button', { name: 'Proceed' }).click();
  await page.getByRole('button', { name: 'Allow now' }).click();
  await expect(page.getByText('Synchronisation is allowed')).toBeVisible();
  await expect(async () => {
    await page.goto(`${org}/users`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('tbody tr')).toHaveCount(50, { timeout: 500 });
  }).toPass({ timeout: 30_000 });

  // The same tabs edit what exists; untouched they change nothing; French.
  await page.goto(`${org}/setup`);
  await page.getByRole('link', { name: 'Edit configuration' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Edit configuration' })).toBeVisible();
  for (const tab of ['Attributes', 'Users', 'Groups', 'More']) {
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: tab, exact: true }).click();
    const version = await page.locator('input[name=version]').inputValue();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Saved.')).toBeVisible();
    expect(await page.locator('input[name=version]').inputValue()).toBe(version);
  }
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Attributes', exact: true }).click();
  await page.getByRole('button', { name: 'Restore default mappings' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restore default mappings' }).click();
  await expect(page.getByText('The default mappings are restored.')).toBeVisible();
  await page.context().addCookies([{ name: 'language', value: 'fr', url: demo.api_url }]);
  await page.goto(`${org}/setup`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Configurer');
  await picture(page, 'setup-french');
  await page.getByRole('link', { name: 'Modifier la configuration' }).click();
  await page.getByRole('button', { name: 'city', exact: true }).click();
  await expect(page.locator('.compared table')).toBeVisible();
  await expect(page.locator('#foresight')).toContainText('dans l’étendue');
  await picture(page, 'config-french');
});
