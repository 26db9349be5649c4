import { at, expect, join1, picture, sim, test, type Demo } from '../demo.ts';

interface User { id: string; userName?: string; externalId?: string; attributes: { userName: string } }
interface Settings { scope: Record<string, unknown> }

async function api<T>(demo: Demo, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${demo.api_url}/api/v1/organizations/${demo.org_id}${path}`, {
    method, headers: { authorization: `Bearer ${demo.api_token}`, 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return await answer.json() as T;
}

async function ended(demo: Demo, run: { id: string }): Promise<void> {
  await expect.poll(async () => (await api<{ state: string }>(demo, 'GET', `/runs/${run.id}`)).state, { timeout: 30_000 }).toBe('succeeded');
}

test('a dry run is applied exactly, one change is taken back from its page, and some held members are decided', async ({ page, demo }) => {
  test.setTimeout(240_000);
  await join1(page, demo);
  const instance = `/instances/${demo.instance}`;
  await expect.poll(async () => (await api<{ items: User[] }>(demo, 'GET', '/users?limit=200')).items.length).toBe(200);
  await api(demo, 'PATCH', instance, { autoSync: false });
  const people = (await api<{ items: User[] }>(demo, 'GET', '/users?limit=200&active=true')).items;
  await sim(demo, 'POST', '/operations', { operations: people.slice(0, 40).map((user) => ({ op: 'delete', user: user.externalId })) });
  const changed = people[50];
  await sim(demo, 'PATCH', `/users/${changed.externalId}`, { jobTitle: 'Wrong title', city: 'Nowhere' });

  await page.goto(at(demo, '/directory-synchronization'));
  await page.locator('details.menu summary').last().click();
  await page.getByRole('button', { name: 'Dry-run' }).click();
  await expect(page.getByRole('button', { name: 'Apply exactly this plan' })).toBeVisible({ timeout: 15_000 });
  const plan = page.url();
  await picture(page, 'plan');
  await page.getByRole('button', { name: 'Apply exactly this plan' }).click();
  await expect(page.getByRole('dialog').getByText('Of these, to be held')).toBeVisible();
  await picture(page, 'plan-dialog');
  await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText('Applies the dry run')).toBeVisible();
  await expect(page.getByRole('link', { name: /^Updated 1/ })).toBeVisible({ timeout: 15_000 });
  await picture(page, 'plan-applied');
  await page.goto(plan);
  await expect(page.getByText('Applied by the run')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Apply exactly this plan' })).toHaveCount(0);

  await page.goto(at(demo, `/users/${changed.id}`));
  await page.getByRole('button', { name: 'Undo the last change…' }).click();
  await expect(page.getByRole('dialog').getByText('These values come back:')).toBeVisible();
  await picture(page, 'undo-user');
  await page.getByLabel('Reason').fill('The title was wrong');
  await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
  await expect(page.getByText('Succeeded')).toBeVisible({ timeout: 15_000 });
  await page.goto(at(demo, `/users/${changed.id}`));
  await expect(page.getByText('Wrong title')).not.toHaveCount(0); // the history tells of it
  await page.getByRole('button', { name: 'Undo the last change…' }).click();
  await expect(page.getByRole('dialog').getByText('Taking it back lifts its pin')).toBeVisible();

  const group = await sim(demo, 'POST', '/groups', { displayName: 'Everybody in Sales' }) as { id: string };
  const members = people.slice(60, 130).map((user) => user.externalId);
  await sim(demo, 'POST', `/groups/${group.id}/join`, { members });
  const { settings } = await api<{ settings: Settings }>(demo, 'GET', instance);
  await api(demo, 'PATCH', instance, { settings: { ...settings, scope: { ...settings.scope, groupObjects: true, allGroups: true } } });
  await ended(demo, await api(demo, 'POST', `${instance}/sync`, { kind: 'incremental' }));
  await sim(demo, 'POST', `/groups/${group.id}/leave`, { members: members.slice(0, 60) });
  await ended(demo, await api(demo, 'POST', `${instance}/sync`, { kind: 'incremental' }));
  await page.goto(at(demo, `${instance}/held?type=members`));
  await page.getByRole('link', { name: '60 members' }).click();
  await expect(page.getByRole('checkbox')).toHaveCount(60);
  await picture(page, 'held-members');
  await page.getByRole('checkbox').nth(0).check();
  await page.getByRole('checkbox').nth(1).check();
  await page.getByRole('button', { name: 'Reject the chosen' }).click();
  await expect(page.getByText('Rejected. They stay as they are.')).toBeVisible();
  await expect(page.getByRole('checkbox')).toHaveCount(58);
  const kept = (await api<{ items: { id: string; displayName?: string }[] }>(demo, 'GET', '/groups?limit=200')).items.find((g) => g.displayName === 'Everybody in Sales');
  await page.goto(at(demo, `/groups/${kept?.id}`));
  await page.getByRole('button', { name: 'Undo the last change…' }).click();
  await expect(page.getByRole('dialog').getByText('It is pinned')).toBeVisible();
  await picture(page, 'undo-group');
});
