import { ada, at, expect, join1, picture, signIn, test } from '../demo.ts';

test('from the one-time link to the first administrator, his pages, out and in again', async ({ page, demo }) => {
  await page.goto(demo.console_link);
  await picture(page, 'join');
  await join1(page, demo);
  await expect(page.getByText('Demo', { exact: true }).first()).toBeVisible();
  await picture(page, 'overview');

  await page.goto(demo.console_link);
  await expect(page.getByRole('heading', { name: 'This link is not good any more' })).toBeVisible();
  await page.goto(at(demo, '/overview'));

  await page.getByRole('link', { name: 'Users' }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Users' })).toBeVisible();
  await picture(page, 'users');
  const name = await page.locator('tbody a').nth(3).innerText();
  await page.getByRole('searchbox').fill(name.slice(0, 6));
  await expect(page).toHaveURL(/search=/);
  await page.getByRole('link', { name, exact: true }).first().click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await picture(page, 'user');

  await page.getByRole('link', { name: 'Organization settings' }).click();
  await page.getByRole('link', { name: 'Administrators' }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  await expect(page.getByRole('heading', { name: 'Send this link' })).toBeVisible();
  await picture(page, 'administrators');
  await page.getByRole('button', { name: 'Remove' }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('alert')).toContainText('last full administrator');

  await page.getByRole('link', { name: ada.name }).click();
  await expect(page.getByText('This browser')).toBeVisible();
  await picture(page, 'profile');
  await page.getByLabel('Language').selectOption('fr');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Profil' })).toBeVisible();
  await page.getByLabel('Langue').selectOption('en');
  await page.getByRole('button', { name: 'Enregistrer' }).click();

  await page.getByRole('button', { name: 'Sign out', exact: true }).last().click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await picture(page, 'sign-in');
  await page.goto(at(demo, '/users'));
  await page.getByLabel('E-mail address').fill(ada.email);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('do not belong together');
  await signIn(page, demo, ada);
  await expect(page.getByRole('heading', { level: 1, name: 'Overview' })).toBeVisible();
});
