import { another, api, at, expect, join1, picture, sim, test } from '../demo.ts';

interface Tenant { tenant_id: string; client_id: string; client_secret: string }

test('an instance writes to a remote SCIM service: tried, made, edited, its secret renewed', async ({ page, demo }) => {
  await join1(page, demo);
  const tenant = await sim(demo, 'GET', '/tenant') as Tenant;
  const from = await another(demo, 'Fabrikam');
  const there = await another(demo, 'Elsewhere');
  const base = `${demo.api_url}/identity/scim/${there.id}/v2`;
  const token = async (name: string) => (await api<{ secret: string }>(demo, 'POST', `/organizations/${there.id}/tokens`, { name, role: 'scim-writer' }, 201)).secret;
  const secret = await token('rollcall');

  await page.goto(`${from.pages}/setup`);
  await page.getByLabel('Name of the instance').fill('Outbound');
  await page.getByLabel('Cloud').selectOption('simulated');
  await page.getByLabel('Tenant', { exact: true }).fill(tenant.tenant_id);
  await page.getByLabel('Client ID', { exact: true }).fill(tenant.client_id);
  await page.getByLabel('Client secret', { exact: true }).fill(tenant.client_secret);
  await page.getByRole('radio', { name: 'A remote SCIM service' }).check();
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.locator('#offer')).toContainText('Enter the address of the service.');
  await page.getByLabel('Address of the service').fill(base);
  await page.getByLabel('Token of the service').fill('not the token');
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.locator('#offer')).toContainText('The service cannot be used so');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByRole('alert')).toContainText('401');
  await page.getByLabel('Client secret', { exact: true }).fill(tenant.client_secret);
  await page.getByLabel('Token of the service').fill(secret);
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.locator('#offer')).toContainText('The service answers');
  await picture(page, 'setup-destination');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByText(/users in scope$/)).toBeVisible({ timeout: 20_000 });
  await page.getByRole('button', { name: 'Proceed' }).click();
  await expect(page.getByText(base)).toBeVisible();
  await page.getByRole('button', { name: 'Allow now' }).click();
  await expect.poll(async () => (await api<{ items: unknown[] }>(demo, 'GET', `/organizations/${there.id}/users?limit=20`)).items.length, { timeout: 30_000 }).toBe(20);

  // The instance's page says what the service offers. Untouched it changes nothing; a secret that is refused replaces nothing; one that works does.
  await page.goto(`${from.pages}/setup`);
  await page.getByRole('link', { name: 'Edit configuration' }).click();
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Destination' }).click();
  await expect(page.getByText('operations in one request')).toBeVisible();
  await expect(page.getByLabel('Token of the service')).toHaveValue('');
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.locator('#offer')).toContainText('The service answers');
  await picture(page, 'config-destination');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Nothing was changed.')).toBeVisible();
  await page.getByLabel('Token of the service').fill('not the token');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('401');
  await picture(page, 'config-destination-refused');
  await page.getByLabel('Token of the service').fill(await token('newer'));
  await page.getByLabel('Kind of service').selectOption('webex');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByLabel('Kind of service')).toHaveValue('webex');
  await page.goto(`${from.pages}/directory-synchronization`);
  await page.getByRole('link', { name: 'View summary' }).click();
  await expect(page.getByText(base)).toBeVisible();
  await picture(page, 'summary-destination');

  // The instance of the built-in directory has no such page.
  await page.goto(at(demo, `/setup/${demo.instance}/destination`));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is nothing here');
});
