import { at, expect, join1, picture, sim, test } from '../demo.ts';

test('instances, summary, dry run, explain, log', async ({ page, demo }) => {
  test.setTimeout(240_000);
  await join1(page, demo);
  await page.getByRole('link', { name: 'Organization settings' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Directory synchronization' })).toBeVisible();
  await expect(page.getByText('Active', { exact: true })).toBeVisible();
  await picture(page, 'sync');
  await page.locator('details.menu summary').last().click();
  await page.getByRole('button', { name: 'Delete instance' }).click();
  await expect(page.getByRole('heading', { name: 'Delete Azure AD Instance?' })).toBeVisible();
  await picture(page, 'sync-delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();

  await page.goto(at(demo, '/directory-synchronization'));
  await page.getByRole('link', { name: 'View summary' }).click();
  await picture(page, 'summary');
  await page.getByRole('link', { name: /^Synced/ }).first().click();
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await picture(page, 'bucket');

  await page.goto(at(demo, '/directory-synchronization'));
  await page.locator('details.menu summary').last().click();
  await page.getByRole('button', { name: 'Dry-run' }).click();
  await expect(page.getByText('Nothing was written')).toBeVisible();
  await expect(page.locator('tbody tr').first()).toBeVisible();
  await picture(page, 'dryrun');

  await page.goto(at(demo, '/users'));
  await page.locator('tbody a').nth(3).click();
  const address = await page.locator('dt:has-text("userName") + dd').first().innerText();
  await sim(demo, 'POST', `/users/${encodeURIComponent(address)}/block`);
  await page.goto(at(demo, '/runs'));
  await picture(page, 'runs');

  await page.goto(at(demo, `/instances/${demo.instance}/explain?type=user&who=${encodeURIComponent(address)}`));
  await expect(page.getByText(address).first()).toBeVisible();
  await picture(page, 'explain');
  await page.goto(at(demo, '/log'));
  await picture(page, 'log');
  await page.goto(at(demo, '/log?since=2031-01-02&until=2031-01-01'));
  await expect(page.getByRole('alert')).toBeVisible();
  await page.goto(at(demo, '/pins'));
  await picture(page, 'pins');
});

test('an instance is deleted with the admin consent of its tenant', async ({ page, demo }) => {
  await join1(page, demo);
  const begin = async () => {
    await page.goto(at(demo, '/directory-synchronization'));
    await page.locator('details.menu summary').last().click();
    await page.getByRole('button', { name: 'Delete instance' }).click();
    await page.getByRole('checkbox', { name: 'Revoke Azure AD admin consent' }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Revoke Azure AD admin consent' })).toBeVisible();
  };
  await begin();
  await expect(page.getByText('AppRoleAssignment.ReadWrite.All')).toBeVisible();
  await picture(page, 'withdraw');

  // An account that may not: nothing is deleted.
  await page.getByRole('button', { name: 'Sign in at Microsoft and delete' }).click();
  await page.getByRole('button', { name: 'Uma User' }).click();
  await page.getByRole('button', { name: 'Return to the application' }).click();
  await expect(page.getByRole('alert')).toContainText('may not take the consent back');
  await expect(page.getByText('The instance was not deleted.')).toBeVisible();
  await picture(page, 'withdraw-refused');

  await begin();
  await page.getByRole('button', { name: 'Sign in at Microsoft and delete' }).click();
  await page.getByRole('button', { name: 'Alex Admin' }).click();
  await expect(page.getByText('Manage app permission grants and app role assignments')).toBeVisible();
  await page.getByRole('button', { name: 'Accept', exact: true }).click();
  await expect(page.getByText('The tenant’s consent was taken back and the instance was deleted.')).toBeVisible();
  const tenant = await sim(demo, 'GET', '/app') as { consent_revoked: boolean };
  expect(tenant.consent_revoked).toBe(true);
});
