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
