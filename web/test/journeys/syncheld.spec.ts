import { at, expect, join1, picture, sim, test } from '../demo.ts';

interface Page1 { items: { userName?: string; attributes: { userName: string } }[] }

test('held removals are reviewed and approved, a run is taken back, and all of it in French', async ({ page, demo }) => {
  test.setTimeout(240_000);
  await join1(page, demo);
  await expect.poll(async () => { await page.reload(); return page.getByText('288').count(); }).toBeGreaterThan(0);
  const list = await (await fetch(`${demo.api_url}/api/v1/organizations/${demo.org_id}/users?limit=60`, { headers: { authorization: `Bearer ${demo.api_token}` } })).json() as Page1;
  const names = list.items.map((user) => user.userName ?? user.attributes.userName);
  await sim(demo, 'POST', '/operations', { operations: names.slice(0, 40).map((user) => ({ op: 'delete', user })) });
  await page.goto(at(demo, '/directory-synchronization'));
  await expect(page.getByRole('heading', { name: 'Demo waits for your decision' })).toBeVisible({ timeout: 15_000 });
  await picture(page, 'sync-held');
  await page.getByRole('button', { name: 'Approve' }).first().click();
  await expect(page.getByRole('heading', { name: 'Approve 40 removals?' })).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('link', { name: 'Review the 40' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Held changes' })).toBeVisible();
  await picture(page, 'held');
  await page.getByRole('checkbox').first().check();
  await page.getByRole('button', { name: 'Reject the chosen' }).click();
  await expect(page.getByText('Rejected. They stay as they are.')).toBeVisible();
  await page.getByRole('button', { name: 'Approve all 39' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Approved. A run applies it now.')).toBeVisible();
  await expect(page.getByText('Nothing waits for a decision')).toBeVisible();
  await picture(page, 'held-empty');

  await page.goto(at(demo, '/runs'));
  const approved = page.locator('tbody tr', { hasText: '39 changes' });
  await expect(approved).toBeVisible({ timeout: 15_000 });
  await approved.getByRole('link').click();
  await picture(page, 'run');
  await page.getByRole('button', { name: 'Undo…' }).click();
  await expect(page.getByRole('heading', { name: 'Take this run back?' })).toBeVisible();
  await picture(page, 'undo');
  await page.getByLabel('Reason').fill('The wrong list was deleted');
  await page.getByRole('button', { name: 'Take it back' }).click();
  await expect(page.getByText('Succeeded')).toBeVisible({ timeout: 15_000 });
  await page.goto(at(demo, '/pins'));
  await expect(page.getByText('The wrong list was deleted').first()).toBeVisible();
  await picture(page, 'pins-list');
  await page.getByRole('button', { name: 'Lift' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click();
  await expect(page.getByText('The pin was lifted.')).toBeVisible();

  await page.goto(at(demo, '/profile'));
  await page.getByLabel('Language').selectOption('fr');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.goto(at(demo, '/directory-synchronization'));
  await expect(page.getByRole('heading', { level: 1, name: 'Synchronisation du répertoire' })).toBeVisible();
  await picture(page, 'sync-fr');
  await page.getByRole('switch').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Désactiver la synchronisation automatique' }).click();
  await expect(page.getByRole('switch')).toHaveAttribute('aria-checked', 'false');
  await picture(page, 'sync-off-fr');
});
