import { at, expect, join1, picture, test } from '../demo.ts';

test('tokens and clients: made, shown once, used, rotated, revoked', async ({ page, demo }) => {
  await join1(page, demo);
  await page.getByRole('link', { name: 'Organization settings' }).click();
  await page.getByRole('link', { name: 'API tokens' }).click();
  await page.getByRole('link', { name: 'New token' }).click();
  await picture(page, 'token-new');
  await page.getByLabel('Name').fill('Entra provisioning');
  await page.getByRole('button', { name: 'Create' }).click();
  const secret = await page.locator('#secret').innerText();
  await picture(page, 'token-made');
  const tenant = await page.getByText(/identity\/scim/).innerText();
  const scim = (token: string) => fetch(`${tenant}/Users?count=1`, { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.status);
  expect(await scim(secret)).toBe(200);
  const made = await fetch(`${tenant}/Users`, {
    method: 'POST', headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'mary@contoso.example', displayName: 'Mary Shelley', active: true }),
  });
  expect(made.status, await made.text()).toBe(201);
  const tokens = page.url();
  await page.goto(at(demo, '/users?search=mary@contoso.example'));
  await expect(page.getByRole('link', { name: 'Mary Shelley' })).toBeVisible();
  await page.goto(tokens);
  await page.getByRole('link', { name: 'API tokens', exact: true }).last().click();
  await expect(page.locator('#secret')).toHaveCount(0);
  await page.getByLabel('Actions for Entra provisioning').click();
  await picture(page, 'tokens');
  await page.getByRole('link', { name: 'New secret' }).click();
  await picture(page, 'token-rotate');
  await page.getByRole('button', { name: 'New secret' }).click();
  const newer = await page.locator('#secret').innerText();
  expect(await scim(newer)).toBe(200);
  await page.getByLabel('Actions for Entra provisioning').click();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('The token was revoked.')).toBeVisible();
  expect(await scim(newer)).toBe(401);

  await page.getByRole('link', { name: 'OAuth clients' }).click();
  await picture(page, 'clients-empty');
  await page.getByRole('link', { name: 'New client' }).click();
  await picture(page, 'client-new');
  await page.getByLabel('Name').fill('Entra gallery app');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.locator('#secret')).toBeVisible();
  await picture(page, 'client-made');

});

test('domains, retention, the archive and the audit log, and what a compliance officer sees of them', async ({ page, demo }) => {
  await join1(page, demo);
  await page.goto(at(demo, '/domains'));
  await picture(page, 'domains-empty');
  await page.getByRole('textbox', { name: 'Domain' }).fill('no domain');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('alert')).toContainText('not the name of a domain');
  await page.getByRole('textbox', { name: 'Domain' }).fill('contoso.example');
  await page.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByRole('cell', { name: 'contoso.example', exact: true })).toBeVisible();
  await picture(page, 'domains');
  await page.getByRole('link', { name: 'Retention' }).click();
  await expect(page.getByRole('heading', { name: 'The next clean-up removes' })).toBeVisible();
  await page.getByLabel('Audit log, in days').fill('3');
  await expect(page.getByText('Not known: a field holds no number of days')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('Enter a number of days from 30');
  await page.getByLabel('Audit log, in days').fill('');
  await page.getByLabel('Provisioning history, in days').fill('30');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByLabel('Provisioning history, in days')).toHaveValue('30');
  await picture(page, 'retention');

  await page.goto(at(demo, '/archive'));
  await picture(page, 'archive-empty');
  await page.goto(at(demo, '/users/new'));
  await page.getByLabel('User name').fill('alan@contoso.example');
  await page.getByLabel('Display name').fill('Alan Mathison');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByLabel('More actions').click();
  await page.getByRole('button', { name: 'Delete user' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('link', { name: 'Archive' }).click();
  await page.getByRole('searchbox').fill('ALAN@contoso.example');
  await expect(page).toHaveURL(/search=/);
  await picture(page, 'archive');
  await page.getByRole('link', { name: 'alan@contoso.example' }).click();
  await picture(page, 'archived');

  await page.getByRole('link', { name: 'Audit log', exact: true }).click();
  await expect(page.getByText('Deleted the user')).toBeVisible();
  await picture(page, 'audit');
  await page.getByLabel('What kind of action').selectOption('domain');
  await expect(page.getByText('Deleted the user')).toHaveCount(0);
  await expect(page.getByText('Added the domain')).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  expect((await download).suggestedFilename()).toMatch(/^audit-.*\.csv$/);
  await page.getByLabel('Until').fill('2001-01-01');
  await expect(page.getByText('Nothing fits')).toBeVisible();
  await picture(page, 'audit-nothing');

  await page.goto(at(demo, '/administrators'));
  await page.getByLabel('Role', { exact: true }).selectOption('compliance-officer');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.getByText(/\/join\//).innerText();
  await page.getByRole('button', { name: 'Sign out', exact: true }).last().click();
  await page.goto(link);
  await page.getByLabel('Name').fill('Cleo Officer');
  await page.getByLabel('E-mail address').fill('cleo@example.org');
  await page.getByLabel('Password').fill('quiet harbour lamp eight');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Archive' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Users' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Cleo Officer' }).click();
  await page.getByLabel('Language').selectOption('fr');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Journal d’audit' }).click();
  await expect(page.getByText('A supprimé l’utilisateur')).toBeVisible();
  await picture(page, 'audit-fr');
  await page.goto(at(demo, '/tokens'));
  await expect(page.getByText('Votre rôle ne le permet pas')).toBeVisible();
});
