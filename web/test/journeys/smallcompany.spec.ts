import { another, api, expect, join1, picture, sim, test } from '../demo.ts';

interface Tenant { tenant_id: string; client_id: string; client_secret: string }

test('a small company: from the connected tenant to the first sync in at most six clicks', async ({ page, demo }) => {
  await join1(page, demo);
  const { id, pages } = await another(demo, 'Small company');
  const tenant = await sim(demo, 'GET', '/tenant') as Tenant;
  const connection = await api<{ id: string }>(demo, 'POST', `/organizations/${id}/connections`, {
    tenantId: tenant.tenant_id, cloud: 'simulated', clientId: tenant.client_id, credential: { form: 'client-secret', clientSecret: tenant.client_secret },
  }, 201);
  await api(demo, 'POST', `/organizations/${id}/connections/${connection.id}/check`);

  // Every click is counted where it lands.
  let clicks = 0;
  await page.exposeFunction('counted', () => { clicks++; });
  await page.addInitScript(() => document.addEventListener('click', (event) => { if (event.isTrusted) void (window as unknown as { counted: () => void }).counted(); }, true));
  await page.goto(`${pages}/connections/${connection.id}`);
  await expect(page.getByText('The tenant grants what is needed.')).toBeVisible();
  await page.getByRole('link', { name: 'Continue' }).click();
  await page.getByLabel('Name of the instance').fill('Everybody');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByText(/^\d+ users in scope$/)).toBeVisible({ timeout: 20_000 });
  await picture(page, 'small-begin');
  await page.getByRole('button', { name: 'Proceed' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Review and allow' })).toBeVisible();
  await page.getByRole('button', { name: 'Allow now' }).click();
  await expect(page.getByText('Synchronisation is allowed')).toBeVisible();
  await expect.poll(async () => { await page.goto(`${pages}/users`); return page.locator('tbody tr').count(); }, { timeout: 30_000 }).toBe(50);
  expect(clicks).toBeGreaterThan(2);
  expect(clicks, 'clicks from the connected tenant to the first sync').toBeLessThanOrEqual(6);
});
